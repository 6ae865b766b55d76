import type { HuntGap } from '@parapet/contract/api';

/** A gap of one host. */
export type HostGap = HuntGap & { readonly hostId: string };

/**
 * At most `room` gaps that say as much as all of them: spans of one host and collector that follow each other are one; where these
 * are too many, all spans of a host and collector are; and where that is too much, those of the hosts that were last to lack something
 * are one gap of so many hosts. Nothing is left out: counts and hosts stay right, and only spans become wider and causes fewer.
 */
export const foldGaps = (gaps: readonly HostGap[], room: number): HuntGap[] => {
  const joined = joinFollowing(gaps);
  if (joined.length <= room) return joined;
  const byPlace = [...Map.groupBy(joined, placeOf).values()].map(foldPlace);
  if (byPlace.length <= room) return byPlace;
  const shown: HostGap[] = [];
  const rest: HostGap[] = [];
  for (const ofHost of Map.groupBy(byPlace, ({ hostId }) => hostId).values())
    (rest.length === 0 && shown.length + ofHost.length < room ? shown : rest).push(...ofHost);
  return [...shown, foldHosts(rest)];
};

const placeOf = ({ hostId, collector }: HostGap): string => JSON.stringify([hostId, collector]);

/** What was lost in one account and in the next is one loss: the newest first, as they come. */
const joinFollowing = (gaps: readonly HostGap[]): HostGap[] => {
  const joined: HostGap[] = [];
  const latest = new Map<string, number>();
  for (const gap of gaps) {
    const at = latest.get(placeOf(gap));
    const later = at === undefined ? undefined : joined[at];
    if (
      at !== undefined &&
      later !== undefined &&
      later.lost !== undefined &&
      gap.lost !== undefined &&
      later.from === gap.to
    )
      joined[at] = { ...later, from: gap.from, lost: later.lost + gap.lost, cause: causesOf([later, gap]) };
    else latest.set(placeOf(gap), joined.push(gap) - 1);
  }
  return joined;
};

const foldPlace = (gaps: readonly HostGap[]): HostGap => {
  const [newest] = gaps;
  if (newest === undefined) throw new Error('no gap to fold');
  const { hostId, hostName, collector } = newest;
  return {
    hostId,
    ...(hostName === undefined ? {} : { hostName }),
    collector,
    ...spanOf(gaps),
    ...lostOf(gaps),
    ...watchOf(gaps),
    cause: gaps.length === 1 ? newest.cause : causesOf(gaps),
  };
};

/** Of more hosts than can be named here. */
const foldHosts = (gaps: readonly HostGap[]): HuntGap => ({
  hosts: new Set(gaps.map(({ hostId }) => hostId)).size,
  collector: '*',
  ...spanOf(gaps),
  ...lostOf(gaps),
  ...watchOf(gaps),
  cause: 'more hosts than are listed: name a host or a shorter span to see each',
});

const spanOf = (gaps: readonly HuntGap[]): Pick<HuntGap, 'from' | 'to'> => {
  const ends = gaps.flatMap(({ to }) => (to === undefined ? [] : [Date.parse(to)]));
  return {
    from: new Date(Math.min(...gaps.map(({ from }) => Date.parse(from)))).toISOString(),
    ...(ends.length < gaps.length ? {} : { to: new Date(Math.max(...ends)).toISOString() }),
  };
};

const lostOf = (gaps: readonly HuntGap[]): Pick<HuntGap, 'lost'> =>
  gaps.every(({ lost }) => lost === undefined) ? {} : { lost: gaps.reduce((sum, { lost }) => sum + (lost ?? 0), 0) };

const watchOf = (gaps: readonly HuntGap[]): Pick<HuntGap, 'unwatched'> =>
  gaps.every(({ unwatched }) => unwatched === true) ? { unwatched: true } : {};

const maxCauses = 5;

/** Each once; counted losses are several in one text. */
const causesOf = (gaps: readonly HuntGap[]): string => {
  const counted = gaps.some(({ lost }) => lost !== undefined);
  const all = [...new Set(gaps.flatMap(({ cause }) => (counted ? cause.split(', ') : [cause])))];
  const shown = all.slice(0, maxCauses);
  if (counted) return shown.join(', ');
  return `${gaps.length} times: ${shown.join('; ')}${all.length > shown.length ? `; and ${all.length - shown.length} more causes` : ''}`;
};
