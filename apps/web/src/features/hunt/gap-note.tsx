import type { HuntGap } from '@parapet/contract/api';
import { useState } from 'react';
import { PanelLink } from '../../components/any-link.tsx';
import { Button } from '../../components/button.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import text from '../../components/text.module.css';
import { ToneMark } from '../../components/tone-mark.tsx';
import { formatCount, formatMoment, formatSpan, plural } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import styles from './hunt.module.css';
import type { Span } from './hunt-search.ts';

/** What the span lacks, said on every answer: nothing, or how much and why, host by host. */
export const GapNote = ({ gaps, span }: { readonly gaps: readonly HuntGap[] | undefined; readonly span: Span }) => {
  const [open, setOpen] = useState(false);
  const now = useNow();
  if (gaps === undefined) return null;
  if (gaps.length === 0)
    return (
      <p className={styles.gaps}>
        <ToneMark tone="ok" /> Nothing was lost in this time, and no sensor was blind.
      </p>
    );
  return (
    <>
      <p className={styles.gaps} data-lacks>
        <ToneMark tone="bad" />
        <span>{gapSentence(gaps, span, now)}</span>
        <Button small look="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Hide' : 'Show what is missing'}
        </Button>
      </p>
      {open ? (
        <div className={styles.gapTable}>
          <SimpleTable
            label="What is missing in this time"
            rows={gaps}
            rowKey={(gap) => gap.hostId + gap.collector + gap.from}
            columns={[
              {
                id: 'host',
                header: 'Host',
                cell: (gap) => (
                  <PanelLink target={{ kind: 'asset', id: gap.hostId }} className={text.link}>
                    {gap.hostName}
                  </PanelLink>
                ),
              },
              { id: 'what', header: 'What', cell: (gap) => lackOf(gap, now) },
              {
                id: 'when',
                header: 'When',
                cell: (gap) =>
                  `${formatMoment(gap.from, now)} to ${gap.to === undefined ? 'now' : formatMoment(gap.to, now)}`,
              },
              {
                id: 'why',
                header: 'Why',
                cell: (gap) => (
                  <span className={text.muted}>
                    {gap.collector}: {gap.cause}
                  </span>
                ),
              },
            ]}
          />
        </div>
      ) : null}
    </>
  );
};

const lackOf = (gap: HuntGap, now: number): string =>
  gap.lost === undefined
    ? `blind for ${formatSpan((gap.to === undefined ? now : Date.parse(gap.to)) - Date.parse(gap.from))}`
    : `${plural(gap.lost, 'event')} lost`;

/** In one sentence. Counted losses at the edge of the span may lie a little outside it, since sums tell no moment. */
export const gapSentence = (gaps: readonly HuntGap[], span: Span, now: number): string => {
  const counted = gaps.filter(({ lost }) => lost !== undefined);
  const blind = gaps.filter(({ lost }) => lost === undefined);
  const lost = counted.reduce((sum, gap) => sum + (gap.lost ?? 0), 0);
  const hosts = (of: readonly HuntGap[]): number => new Set(of.map(({ hostId }) => hostId)).size;
  const within = (gap: HuntGap): number =>
    Math.max(
      0,
      Math.min(Date.parse(span.until), gap.to === undefined ? now : Date.parse(gap.to)) -
        Math.max(Date.parse(span.since), Date.parse(gap.from)),
    );
  const longest = Math.max(0, ...blind.map(within));
  const parts = [
    ...(counted.length === 0
      ? []
      : [`${formatCount(lost)} ${lost === 1 ? 'event was' : 'events were'} lost on ${plural(hosts(counted), 'host')}`]),
    ...(blind.length === 0
      ? []
      : [`${plural(hosts(blind), 'host')} could not see everything, for up to ${formatSpan(longest)}`]),
  ];
  return `In this time ${parts.join(', and ')}.`;
};
