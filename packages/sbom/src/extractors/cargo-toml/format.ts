import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, textField } from '../fields.ts';

const tables: readonly (readonly [string, FoundPackage['scope']])[] = [
  ['dependencies', undefined],
  ['dev-dependencies', 'dev'],
  ['build-dependencies', 'build'],
];

/** The package, and its dependencies on all platforms that have a version or a commit. */
export const parseCargoToml = (manifest: Fields): FoundPackage[] => {
  const own = fieldOf(manifest, 'package');
  const [name, version] = [textField(own, 'name'), textField(own, 'version')];
  const licence = textField(own, 'license');
  const places = [manifest, fieldOf(manifest, 'workspace'), ...Object.values(fieldsOf(fieldOf(manifest, 'target')))];
  return [
    ...(name === undefined || version === undefined
      ? []
      : [{ name, version, ...(licence === undefined ? {} : { licences: [licence] }) }]),
    ...places.flatMap((place) =>
      tables.flatMap(([table, scope]) =>
        Object.entries(fieldsOf(fieldOf(place, table))).flatMap(
          ([key, stated]) => dependencyOf(key, stated, scope) ?? [],
        ),
      ),
    ),
  ];
};

/** `name = "1.0"`, or a table, which may give the package another name, and a commit instead of a version. */
const dependencyOf = (key: string, stated: unknown, scope: FoundPackage['scope']): FoundPackage | undefined => {
  const range = typeof stated === 'string' ? stated : (textField(stated, 'version') ?? '');
  const commit = textField(stated, 'rev');
  const version = /^\s*(?:=|\^|~|>=)?\s*(\d[\w.+-]*)/.exec(range)?.[1] ?? '';
  if (version === '' && commit === undefined) return undefined;
  const isOptional = fieldOf(stated, 'optional') === true;
  return {
    name: textField(stated, 'package') ?? key,
    version,
    isDirect: true,
    ...(scope !== undefined ? { scope } : isOptional ? { scope: 'optional' } : {}),
    ...(commit === undefined ? {} : { commit }),
  };
};
