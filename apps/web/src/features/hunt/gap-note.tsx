import { collectorName, gapCause, type HuntGap } from '@parapet/contract/api';
import { useState } from 'react';
import { AnyLink, PanelLink } from '../../components/any-link.tsx';
import { Button } from '../../components/button.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import text from '../../components/text.module.css';
import { ToneMark } from '../../components/tone-mark.tsx';
import { formatMoment } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { gapKey, gapKind, gapSentence, gapTone, lackOf, severalHosts } from './gap-words.ts';
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
        <ToneMark tone="ok" />
        <span>{gapSentence(gaps, span, now)}</span>
      </p>
    );
  const tone = gapTone(gaps);
  return (
    <>
      <p className={styles.gaps} data-lacks={tone !== 'ok'}>
        <ToneMark tone={tone} />
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
            rowKey={gapKey}
            columns={[
              {
                id: 'host',
                header: 'Host',
                cell: (gap) =>
                  gap.hostId === undefined ? (
                    severalHosts(gap)
                  ) : (
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
                    {collectorName(gap.collector)}: {gapCause(gap.cause)}
                    {gapKind(gap) !== 'left-out' ? null : (
                      <>
                        {' · '}
                        <AnyLink to="/settings/telemetry" className={text.link}>
                          Rules
                        </AnyLink>
                      </>
                    )}
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
