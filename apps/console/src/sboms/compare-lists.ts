import type { ChangedPackage, PackageChanges } from '@parapet/contract/api';
import type { Package } from '@parapet/contract/sbom';
import { packageKeyOf } from './parse-sbom.ts';

/** Changes told of one kind; the rest is counted. */
const toldLimit = 2000;

/** What came, went and changed its version between two package lists, each by name. */
export const compareLists = (
  before: readonly Package[],
  after: readonly Package[],
): Pick<PackageChanges, 'came' | 'went' | 'changed' | 'untold'> => {
  const [old, now] = [byKey(before), byKey(after)];
  const changes = { came: [] as ChangedPackage[], went: [] as ChangedPackage[], changed: [] as ChangedPackage[] };
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const [was = [], is = []] = [old.get(key), now.get(key)];
    const [from, to] = [versionsOf(was), versionsOf(is)];
    const [item] = is.length > 0 ? is : was;
    if (item === undefined || from.join('\n') === to.join('\n')) continue;
    const kind = from.length === 0 ? 'came' : to.length === 0 ? 'went' : 'changed';
    changes[kind].push({ type: item.type, name: item.name, location: item.location, from, to });
  }
  const { came, went, changed } = changes;
  const told = (list: readonly ChangedPackage[]) => list.toSorted(byName).slice(0, toldLimit);
  const sides = [came, went, changed].map(told);
  const untold = [came, went, changed].reduce((sum, list) => sum + Math.max(0, list.length - toldLimit), 0);
  return { came: sides[0] ?? [], went: sides[1] ?? [], changed: sides[2] ?? [], untold };
};

const byKey = (packages: readonly Package[]): ReadonlyMap<string, readonly Package[]> =>
  Map.groupBy(packages, (item) => packageKeyOf(item.purl));

const versionsOf = (packages: readonly Package[]): string[] =>
  [...new Set(packages.map((item) => item.version))].toSorted();

const byName = (a: ChangedPackage, b: ChangedPackage): number => a.name.localeCompare(b.name, 'en') || 0;
