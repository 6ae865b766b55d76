import type { HuntGap } from '@parapet/contract/api';
import { formatCount, formatSpan, plural } from '../../lib/format.ts';
import type { Span } from './hunt-search.ts';

/** Events that were lost and counted; a time without sight; events that the console had and let go. */
export type GapKind = 'lost' | 'blind' | 'gone';

export const gapKind = (gap: HuntGap): GapKind =>
  gap.lost !== undefined ? 'lost' : gap.collector === 'store' ? 'gone' : 'blind';

export const gapKey = (gap: HuntGap): string => `${gap.hostId ?? 'all'}|${gap.collector}|${gap.from}|${gap.cause}`;

/** What one of them means, in a few words. */
export const lackOf = (gap: HuntGap, now: number): string => {
  switch (gapKind(gap)) {
    case 'lost':
      return `${plural(gap.lost ?? 0, 'event')} lost`;
    case 'gone':
      return gap.deleted === undefined ? 'no longer kept' : `${plural(gap.deleted, 'event')} no longer kept`;
    case 'blind':
      return `blind for ${formatSpan(endOf(gap, now) - Date.parse(gap.from))}`;
  }
};

/** All of them in one sentence. Counted losses at the edge of the span may lie a little outside it, since sums tell no moment. */
export const gapSentence = (gaps: readonly HuntGap[], span: Span, now: number): string => {
  const [counted, blind, gone] = (['lost', 'blind', 'gone'] as const).map((kind) =>
    gaps.filter((gap) => gapKind(gap) === kind),
  ) as [HuntGap[], HuntGap[], HuntGap[]];
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
  return `In this time ${parts.join(', and ')}.`;
};

const hostsOf = (gaps: readonly HuntGap[]): number => new Set(gaps.map(({ hostId }) => hostId)).size;
const endOf = (gap: HuntGap, now: number): number => (gap.to === undefined ? now : Date.parse(gap.to));
