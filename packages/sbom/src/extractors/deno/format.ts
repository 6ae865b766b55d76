import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf } from '../fields.ts';

/** The packages of a lock file. Before version 4 they lie in `packages`, in version 2 by `npm.packages`. */
export const parseDenoLock = (lock: Fields): FoundPackage[] => {
  const outer = fieldOf(lock, 'packages') ?? lock;
  const npm = fieldOf(outer, 'npm');
  return [
    ...Object.keys(fieldsOf(fieldOf(npm, 'packages') ?? npm)).flatMap((key) => npmPackage(key) ?? []),
    ...Object.keys(fieldsOf(fieldOf(outer, 'jsr'))).flatMap((key) => jsrPackage(key) ?? []),
  ];
};

/** The imports of a configuration: `npm:name@range/path` and `jsr:@scope/name@range`. */
export const parseDenoConfig = (config: Fields): FoundPackage[] =>
  Object.values(fieldsOf(fieldOf(config, 'imports'))).flatMap((target): FoundPackage[] => {
    const [, registry, key] = /^(npm|jsr):\/?(.+)$/.exec(typeof target === 'string' ? target : '') ?? [];
    if (key === undefined) return [];
    const found = registry === 'npm' ? npmPackage(key) : jsrPackage(key);
    return found === undefined ? [] : [{ ...found, evidence: 'declared', isDirect: true }];
  });

/** `name@1.0.0_peer@2.0.0`: the peers follow an underscore, and a path follows a slash. */
const npmPackage = (key: string): FoundPackage | undefined => {
  const [, name, version = ''] = /^((?:@[^/@]+\/)?[^/@]+)(?:@([^/_]+))?/.exec(key) ?? [];
  return name === undefined ? undefined : { name, version };
};

const jsrPackage = (key: string): FoundPackage | undefined => {
  const [, name, version = ''] = /^(@[^/@]+\/[^/@]+)(?:@([^/]+))?/.exec(key) ?? [];
  return name === undefined ? undefined : { name, version, type: 'jsr' };
};
