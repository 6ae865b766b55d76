import type { Group, Verdict } from './verdict.ts';

/**
 * One group for each vulnerability, also where publishers know it by different names: records that share a name (their own id,
 * an alias) speak of the same one. Errata that fix several at once join by the vulnerability alone. What decides comes first.
 */
export const mergeVerdicts = (verdicts: readonly Verdict[]): Group[] => {
  if (areStrangers(verdicts))
    return verdicts.map((verdict) => ({ vulnerability: verdict.vulnerability, verdicts: [verdict] }));
  const groups = new Set<Verdict[]>();
  const byName = new Map<string, Verdict[]>();
  for (const verdict of verdicts) {
    const names = namesOf(verdict);
    const group = joinGroups(groups, byName, names);
    if (verdict.entry.decides === undefined) group.push(verdict);
    else group.unshift(verdict);
    for (const name of names) byName.set(name, group);
  }
  return [...groups].flatMap((group) => {
    const [first, ...others] = group;
    return first === undefined ? [] : [{ vulnerability: bestName(group), verdicts: [first, ...others] }];
  });
};

/** Whether no two share a name, as is usual where a distribution has one record for each vulnerability. */
const areStrangers = (verdicts: readonly Verdict[]): boolean => {
  if (verdicts.length < 2) return true;
  const seen = new Set<string>();
  for (const verdict of verdicts) {
    for (const name of new Set(namesOf(verdict))) {
      if (seen.has(name)) return false;
      seen.add(name);
    }
  }
  return true;
};

const namesOf = ({ vulnerability, advisory }: Verdict): readonly string[] =>
  advisory.vulnerabilities.length === 1 ? [vulnerability, advisory.id, ...advisory.aliases] : [vulnerability];

/** The group of any of the names; two groups that turn out to be one are joined in the order they were begun. */
const joinGroups = (groups: Set<Verdict[]>, byName: Map<string, Verdict[]>, names: readonly string[]): Verdict[] => {
  let target: Verdict[] | undefined;
  for (const name of names) {
    const group = byName.get(name);
    if (group === undefined || group === target) continue;
    if (target === undefined) {
      target = group;
      continue;
    }
    target.push(...group);
    groups.delete(group);
    for (const verdict of group) for (const known of namesOf(verdict)) byName.set(known, target);
  }
  if (target === undefined) {
    target = [];
    groups.add(target);
  }
  return target;
};

/** A CVE where there is one, else GitHub's name, which most other publishers know; the same whatever the order. */
const bestName = (group: readonly Verdict[]): string =>
  group
    .map(({ vulnerability }) => vulnerability)
    .reduce((best, name) => ((rankOf(name) - rankOf(best) || (name < best ? -1 : 1)) < 0 ? name : best));

const rankOf = (name: string): number => (name.startsWith('CVE-') ? 0 : name.startsWith('GHSA-') ? 1 : 2);
