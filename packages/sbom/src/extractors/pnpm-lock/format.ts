import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, textField } from '../fields.ts';
import { commitOf } from '../repository-url.ts';

export type PnpmLock = { readonly packages: readonly FoundPackage[]; readonly broken: number };

/** The packages of a lock file; `broken` counts keys that name no package. */
export const parsePnpmLock = (lock: Fields): PnpmLock => {
  const version = Number.parseFloat(textField(lock, 'lockfileVersion') ?? '');
  const entries = Object.entries(fieldsOf(fieldOf(lock, 'packages')));
  const needed = version >= 9 ? neededToRun(lock) : undefined;
  const direct = directNames(lock);
  let broken = 0;
  const packages = entries.flatMap(([key, entry]): FoundPackage[] => {
    const found = identityOf(key, entry, version);
    if (found === undefined) {
      broken += 1;
      return [];
    }
    if (found.version.startsWith('file:') || found.version.startsWith('link:')) return [];
    return [
      {
        ...found,
        ...scopeOf(key, entry, needed),
        ...(direct.has(found.name) ? { isDirect: true } : {}),
        ...commitIn(entry, key),
      },
    ];
  });
  return { packages, broken };
};

type Identity = { readonly name: string; readonly version: string };

/**
 * `/name/1.0.0_peers` up to version 5, `/name@1.0.0(peers)` in version 6, `name@1.0.0` in version 9. What comes from elsewhere
 * than a registry has an address as its key, and name and version as fields.
 */
const identityOf = (key: string, entry: unknown, lockVersion: number): Identity | undefined => {
  const name = textField(entry, 'name');
  const version = textField(entry, 'version');
  const fromKey = parseKey(key, lockVersion);
  if (name !== undefined) return { name, version: version ?? fromKey?.version ?? '' };
  if (fromKey === undefined) return undefined;
  return { name: fromKey.name, version: version ?? (isAddress(fromKey.version) ? '' : fromKey.version) };
};

const isAddress = (version: string): boolean => version.includes('/') && !/^(?:file|link):/.test(version);

const parseKey = (key: string, lockVersion: number): Identity | undefined => {
  const plain = key.replace(/\(.*$/, '').replace(/^\//, '');
  const found =
    lockVersion >= 6 || (Number.isNaN(lockVersion) && /^(?:@[^/]+\/)?[^/@]+@/.test(plain))
      ? /^((?:@[^/@]+\/)?[^/@]+)@(.+)$/.exec(plain)
      : /^((?:@[^/]+\/)?[^/]+)\/([^/_]+)(?:_.*)?$/.exec(plain);
  const [, name, version] = found ?? [];
  return name === undefined || version === undefined ? undefined : { name, version };
};

const commitIn = (entry: unknown, key: string): Pick<FoundPackage, 'commit'> => {
  const resolution = fieldOf(entry, 'resolution');
  const commit = textField(resolution, 'commit');
  return commit === undefined
    ? commitOf(textField(resolution, 'tarball') ?? (key.includes('#') ? key : ''))
    : { commit };
};

/** Up to version 6 each entry says whether only development needs it; version 9 leaves that to be found out. */
const scopeOf = (key: string, entry: unknown, needed: ReadonlySet<string> | undefined): Pick<FoundPackage, 'scope'> => {
  if (needed === undefined ? textField(entry, 'dev') === 'true' : !needed.has(key)) return { scope: 'dev' };
  return textField(entry, 'optional') === 'true' ? { scope: 'optional' } : {};
};

const importersOf = (lock: Fields): unknown[] => {
  const importers = Object.values(fieldsOf(fieldOf(lock, 'importers')));
  return importers.length === 0 ? [lock] : importers;
};

const directNames = (lock: Fields): ReadonlySet<string> =>
  new Set(
    importersOf(lock).flatMap((importer) =>
      ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((field) =>
        Object.keys(fieldsOf(fieldOf(importer, field))),
      ),
    ),
  );

/** The keys of all packages that can be reached from what the projects need to run, peers left off. */
const neededToRun = (lock: Fields): ReadonlySet<string> => {
  const snapshots = fieldsOf(fieldOf(lock, 'snapshots'));
  const pending = importersOf(lock).flatMap((importer) =>
    [...entriesOf(importer, 'dependencies'), ...entriesOf(importer, 'optionalDependencies')].map(([name, stated]) =>
      snapshotKey(name, textField(stated, 'version') ?? ''),
    ),
  );
  const seen = new Set<string>();
  while (pending.length > 0) {
    const key = pending.pop() ?? '';
    if (seen.has(key)) continue;
    seen.add(key);
    const snapshot = fieldOf(snapshots, key);
    for (const [name, version] of [
      ...entriesOf(snapshot, 'dependencies'),
      ...entriesOf(snapshot, 'optionalDependencies'),
    ]) {
      if (typeof version === 'string') pending.push(snapshotKey(name, version));
    }
  }
  return new Set([...seen].map((key) => key.replace(/\(.*$/, '')));
};

const entriesOf = (value: unknown, field: string): [string, unknown][] =>
  Object.entries(fieldsOf(fieldOf(value, field)));

/** A version that names another package, or an address, is a key already. */
const snapshotKey = (name: string, version: string): string =>
  /^(?:@[^/@]+\/)?[^/@(]+@/.test(version) ? version : `${name}@${version}`;
