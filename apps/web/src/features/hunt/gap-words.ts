import type { HuntGap } from '@parapet/contract/api';
import { formatCount, formatSpan, plural } from '../../lib/format.ts';
import type { Span } from './hunt-search.ts';

/** Events that were lost and counted; a time without sight; events that the console had and let go, or that a policy does not want. */
export type GapKind = 'lost' | 'blind' | 'gone' | 'left-out';

export const gapKind = ({ lost, collector }: HuntGap): GapKind => {
  if (lost !== undefined) return 'lost';
  return collector === 'store' ? 'gone' : collector === 'policy' ? 'left-out' : 'blind';
};

/** Whether something is missing that nobody decided to do without. */
export const isUnwantedGap = (gap: HuntGap): boolean => gapKind(gap) !== 'left-out';

/** Whom one of them is about, where it is more than one host. */
export const severalHosts = ({ hosts }: HuntGap): string => (hosts === undefined ? 'All hosts' : plural(hosts, 'host'));

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
  const lacks = parts.length === 0 ? nothingLost : `In this time ${parts.join(', and ')}.`;
  return gaps.every(isUnwantedGap) ? lacks : `${lacks} The telemetry policy left some events out on purpose.`;
};

const nothingLost = 'Nothing was lost in this time, and no sensor was blind.';

/** Those that are named, and those that are only counted. */
const hostsOf = (gaps: readonly HuntGap[]): number =>
  new Set(gaps.flatMap(({ hostId }) => hostId ?? [])).size + gaps.reduce((sum, { hosts }) => sum + (hosts ?? 0), 0);
const endOf = (gap: HuntGap, now: number): number => (gap.to === undefined ? now : Date.parse(gap.to));
