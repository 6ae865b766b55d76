import type { VersionScheme } from '@parapet/versions';
import type { VersionRange } from '../sources/source.ts';

/** The verdict on one version. */
export type RangeVerdict =
  | { readonly affected: false }
  | {
      readonly affected: true;
      /** The fix that ends the range the version lies in; absent while there is none. */
      readonly fixedVersion?: string;
    };

/**
 * Whether a version lies in any of the ranges, or is named. By OSV's evaluation: events in version order, `introduced` opens,
 * `fixed` and `limit` close at their version, `last_affected` closes after it; `introduced: 0` is before every version.
 */
export const evaluateRanges = (
  version: string,
  affected: { readonly ranges: readonly VersionRange[]; readonly versions: readonly string[] },
  scheme: Pick<VersionScheme, 'compare'>,
): RangeVerdict => {
  for (const range of affected.ranges) {
    const verdict = evaluateRange(version, range, scheme);
    if (verdict.affected) return verdict;
  }
  return affected.versions.some((named) => named === version || scheme.compare(named, version) === 0)
    ? { affected: true }
    : { affected: false };
};

/** For people: `< 1.2`, `>= 1.0, < 1.2`, `all versions`. */
export const describeRanges = (affected: {
  readonly ranges: readonly VersionRange[];
  readonly versions: readonly string[];
}): string[] => {
  const [only, ...more] = affected.ranges;
  const texts = only !== undefined && more.length === 0 ? describeRange(only) : affected.ranges.flatMap(describeRange);
  for (const version of affected.versions.slice(0, maxNamed)) texts.push(`= ${version}`);
  return texts.length < 2 ? texts : [...new Set(texts)];
};

/** Long lists of single versions say no more than their first ones. */
const maxNamed = 20;

type RangeEvent = VersionRange['events'][number];

const evaluateRange = (version: string, range: VersionRange, scheme: Pick<VersionScheme, 'compare'>): RangeVerdict => {
  const [first, second] = range.events;
  if (range.events.length === 2 && isBeginning(first) && second?.kind === 'fixed') {
    return scheme.compare(version, second.version) < 0
      ? { affected: true, fixedVersion: second.version }
      : { affected: false };
  }
  return evaluateEvents(version, sortEvents(range.events, scheme), scheme);
};

const evaluateEvents = (
  version: string,
  events: readonly RangeEvent[],
  scheme: Pick<VersionScheme, 'compare'>,
): RangeVerdict => {
  let inside = false;
  for (const event of events) {
    const order = isBeginning(event) ? 1 : scheme.compare(version, event.version);
    if (order < 0 && event.kind === 'fixed' && inside) return { affected: true, fixedVersion: event.version };
    if (order < 0) break;
    if (event.kind === 'introduced') inside = true;
    else if (event.kind !== 'last_affected' || order > 0) inside = false;
  }
  return inside ? { affected: true } : { affected: false };
};

/** At the same version what opens comes first, so that a fix wins over it. */
const sortEvents = (events: readonly RangeEvent[], scheme: Pick<VersionScheme, 'compare'>): RangeEvent[] =>
  events.toSorted((a, b) => {
    if (isBeginning(a) || isBeginning(b)) return Number(isBeginning(b)) - Number(isBeginning(a));
    return scheme.compare(a.version, b.version) || Number(b.kind === 'introduced') - Number(a.kind === 'introduced');
  });

const isBeginning = (event: RangeEvent | undefined): boolean => event?.kind === 'introduced' && event.version === '0';

const describeRange = ({ events }: VersionRange): string[] => {
  const texts: string[] = [];
  let opened: string | undefined;
  const close = (text: string): void => {
    texts.push(opened === undefined || opened === '0' ? text : `>= ${opened}, ${text}`);
    opened = undefined;
  };
  for (const event of events) {
    if (event.kind === 'introduced') opened = event.version;
    else close(`${event.kind === 'last_affected' ? '<=' : '<'} ${event.version}`);
  }
  if (opened !== undefined) texts.push(opened === '0' ? 'all versions' : `>= ${opened}`);
  return texts;
};
