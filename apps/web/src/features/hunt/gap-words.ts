import type { HuntGap } from '@parapet/contract/api';
import { formatCount, formatMoment, formatSpan, plural } from '../../lib/format.ts';
import type { Span } from './hunt-search.ts';

/**
 * Events that were lost and counted; a time without sight; events that the console had and let go, or that a policy does not want; and
 * what nobody watched.
 */
export type GapKind = 'lost' | 'blind' | 'gone' | 'left-out' | 'unwatched';

export const gapKind = ({ lost, collector, unwatched }: HuntGap): GapKind => {
  if (unwatched === true) return 'unwatched';
  if (lost !== undefined) return 'lost';
  return collector === 'store' ? 'gone' : collector === 'policy' ? 'left-out' : 'blind';
};

/** Whether something is missing that was to be there: not what a policy leaves out, nor what is before a sensor. */
export const isUnwantedGap = (gap: HuntGap): boolean => !['left-out', 'unwatched'].includes(gapKind(gap));

/** How an answer with these gaps looks: trouble where something is missing, unknown where nobody watched. */
export const gapTone = (gaps: readonly HuntGap[]): 'ok' | 'bad' | 'none' => {
  if (gaps.some(isUnwantedGap)) return 'bad';
  return gaps.some((gap) => gapKind(gap) === 'unwatched') ? 'none' : 'ok';
};

/** Whom one of them is about, where it is more than one host. */
export const severalHosts = ({ hosts }: HuntGap): string =>
  hosts === undefined ? 'All hosts' : hosts === 0 ? 'No host' : plural(hosts, 'host');

export const gapKey = (gap: HuntGap): string => `${gap.hostId ?? 'all'}|${gap.collector}|${gap.from}|${gap.cause}`;

/** What one of them means, in a few words. */
export const lackOf = (gap: HuntGap, now: number): string => {
  switch (gapKind(gap)) {
    case 'lost':
      return `${plural(gap.lost ?? 0, 'event')} lost`;
    case 'gone':
      return gap.deleted === undefined ? 'no longer kept' : `${plural(gap.deleted, 'event')} no longer kept`;
    case 'left-out':
      return 'left out on purpose';
    case 'unwatched':
      return gap.to === undefined ? 'not watched' : `not watched before ${formatMoment(gap.to, now)}`;
    case 'blind':
      return `blind for ${formatSpan(endOf(gap, now) - Date.parse(gap.from))}`;
  }
};

/** All of them in one sentence. Counted losses at the edge of the span may lie a little outside it, since sums tell no moment. */
export const gapSentence = (gaps: readonly HuntGap[], span: Span, now: number): string => {
  const ofKind = (kind: GapKind): readonly HuntGap[] => gaps.filter((gap) => gapKind(gap) === kind);
  const [counted, blind, gone] = [ofKind('lost'), ofKind('blind'), ofKind('gone')];
  const lost = counted.reduce((sum, gap) => sum + (gap.lost ?? 0), 0);
  const within = (gap: HuntGap): number =>
    Math.max(
      0,
      Math.min(Date.parse(span.until), endOf(gap, now)) - Math.max(Date.parse(span.since), Date.parse(gap.from)),
    );
  const longest = Math.max(0, ...blind.map(within));
  const parts = [
    ...(counted.length === 0
      ? []
      : [
          `${formatCount(lost)} ${lost === 1 ? 'event was' : 'events were'} lost on ${plural(hostsOf(counted), 'host')}`,
        ]),
    ...(blind.length === 0
      ? []
      : [`${plural(hostsOf(blind), 'host')} could not see everything, for up to ${formatSpan(longest)}`]),
    ...(gone.length === 0 ? [] : ['some of what happened is no longer kept']),
  ];
  const unwatched = ofKind('unwatched');
  if (unwatched.some(({ hosts }) => hosts === 0))
    return 'Nobody watched: there is no host here of which anything could be known.';
  const lacks =
    parts.length > 0
      ? `In this time ${parts.join(', and ')}.`
      : unwatched.length > 0
        ? 'Nothing was lost of what was watched.'
        : nothingLost;
  return [
    lacks,
    ...(unwatched.length === 0 ? [] : [unwatchedSentence(unwatched, now)]),
    ...(ofKind('left-out').length === 0 ? [] : ['The telemetry policy left some events out on purpose.']),
  ].join(' ');
};

const nothingLost = 'Nothing was lost in this time, and no sensor was blind.';

const unwatchedSentence = (gaps: readonly HuntGap[], now: number): string => {
  const [one] = gaps;
  const [before, parts] = [gaps.filter(({ to }) => to !== undefined), gaps.filter(({ to }) => to === undefined)];
  if (gaps.length === 1 && one?.to !== undefined && one.hostName !== undefined && one.collector === 'sensor')
    return `${one.hostName} was not watched before ${formatMoment(one.to, now)}: ${one.cause}.`;
  const [late, partly] = [hostsOf(before), hostsOf(parts)];
  const words = [
    ...(late === 0
      ? []
      : [`${plural(late, 'host')} ${late === 1 ? 'was' : 'were'} not watched from the beginning of this time`]),
    ...(partly === 0 ? [] : [`not everything can be watched on ${plural(partly, 'host')}`]),
  ].join(', and ');
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
};

/** Those that are named, and those that are only counted. */
const hostsOf = (gaps: readonly HuntGap[]): number =>
  new Set(gaps.flatMap(({ hostId }) => hostId ?? [])).size + gaps.reduce((sum, { hosts }) => sum + (hosts ?? 0), 0);
const endOf = (gap: HuntGap, now: number): number => (gap.to === undefined ? now : Date.parse(gap.to));
