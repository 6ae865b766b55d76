import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, listOf } from '../fields.ts';
import { commitOf } from '../repository-url.ts';

export type BunLock = { readonly packages: readonly FoundPackage[]; readonly broken: number };

/** The packages of a lock file; `broken` counts entries that are no tuple beginning with `name@version`. */
export const parseBunLock = (lock: Fields): BunLock => {
  const direct = directNames(lock);
  let broken = 0;
  const packages = Object.entries(fieldsOf(fieldOf(lock, 'packages'))).flatMap(([key, entry]): FoundPackage[] => {
    const [resolution] = listOf(entry);
    const found = typeof resolution === 'string' ? /^((?:@[^/@]+\/)?[^/@]+)@(.+)$/.exec(resolution) : null;
    if (found === null) {
      broken += 1;
      return [];
    }
    const [, name = '', stated = ''] = found;
    if (/^(?:workspace|link|file|root):/.test(stated)) return [];
    const isVersion = !/[:/]/.test(stated);
    return [
      {
        name,
        version: isVersion ? stated : '',
        ...(isVersion ? {} : commitOf(stated)),
        ...(direct.has(key) ? { isDirect: true } : {}),
      },
    ];
  });
  return { packages, broken };
};

const directNames = (lock: Fields): ReadonlySet<string> =>
  new Set(
    Object.values(fieldsOf(fieldOf(lock, 'workspaces'))).flatMap((workspace) =>
      ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((field) =>
        Object.keys(fieldsOf(fieldOf(workspace, field))),
      ),
    ),
  );
