import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, isFields, textField } from '../fields.ts';
import { commitOf } from '../repository-url.ts';

/** Levels of `dependencies` in a lock file of version 1; npm itself stops at the file system's limit on paths. */
const maxDepth = 200;

/** The packages of a lock file: `packages` by path (versions 2 and 3), else nested `dependencies` (version 1). */
export const parsePackageLock = (lock: Fields): FoundPackage[] => {
  const packages = fieldOf(lock, 'packages');
  return isFields(packages) ? fromPaths(packages) : fromTree(fieldsOf(fieldOf(lock, 'dependencies')), 0);
};

const modules = 'node_modules/';

const fromPaths = (packages: Fields): FoundPackage[] => {
  const direct = directNames(fieldOf(packages, ''));
  return Object.entries(packages).flatMap(([path, entry]): FoundPackage[] => {
    const at = path.lastIndexOf(modules);
    // The project itself, and links to its folders, which have entries of their own.
    if (path === '' || fieldOf(entry, 'link') === true) return [];
    const name =
      textField(entry, 'name') ?? (at < 0 ? path.slice(path.lastIndexOf('/') + 1) : path.slice(at + modules.length));
    const resolved = textField(entry, 'resolved') ?? '';
    const version = textField(entry, 'version') ?? '';
    return [
      {
        name,
        version: isLocation(version) ? '' : version,
        ...licenceOf(entry),
        ...scopeOf(entry),
        ...commitOf(resolved),
        ...(path === `${modules}${name}` && direct.has(name) ? { isDirect: true } : {}),
      },
    ];
  });
};

/** What the project's own manifest asks for. */
const directNames = (root: unknown): ReadonlySet<string> =>
  new Set(
    ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((field) =>
      Object.keys(fieldsOf(fieldOf(root, field))),
    ),
  );

const fromTree = (dependencies: Fields, depth: number): FoundPackage[] =>
  Object.entries(dependencies).flatMap(([key, entry]): FoundPackage[] => {
    const nested = fieldOf(entry, 'dependencies');
    const below = isFields(nested) && depth < maxDepth ? fromTree(nested, depth + 1) : [];
    const stated = textField(entry, 'version') ?? '';
    const alias = /^npm:(.+)@([^@]+)$/.exec(stated);
    const version = alias?.[2] ?? (isLocation(stated) ? '' : stated);
    return [{ name: alias?.[1] ?? key, version, ...scopeOf(entry), ...commitOf(stated) }, ...below];
  });

/** A place instead of a version: an archive's address, a repository, `user/project#commit`. */
const isLocation = (version: string): boolean => /[/:#]/.test(version);

const licenceOf = (entry: unknown): Pick<FoundPackage, 'licences'> => {
  const licence = textField(entry, 'license');
  return licence === undefined ? {} : { licences: [licence] };
};

/** `devOptional` is needed by both and by nothing that runs. */
const scopeOf = (entry: unknown): Pick<FoundPackage, 'scope'> => {
  if (fieldOf(entry, 'dev') === true || fieldOf(entry, 'devOptional') === true) return { scope: 'dev' };
  return fieldOf(entry, 'optional') === true ? { scope: 'optional' } : {};
};
