import { type BlindInterval, collectorName, whenBlind } from '@parapet/contract/api';
import { SimpleTable } from '../../components/simple-table.tsx';
import text from '../../components/text.module.css';
import { formatMoment, formatSpan } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { Advice } from './advice.tsx';
import styles from './sensors.module.css';

const weekMs = 7 * 86_400_000;

/** The spans in which something was not watched, as a strip of seven days and as a table. */
export const BlindTimeline = ({ blind }: { readonly blind: readonly BlindInterval[] }) => {
  const now = useNow();
  if (blind.length === 0) return <p className={text.muted}>Never.</p>;
  const from = now - weekMs;
  const collectors = [...new Set(blind.map((interval) => interval.collector))];
  return (
    <>
      <div className={styles.strips} aria-hidden>
        {collectors.map((collector) => (
          <div key={collector} className={styles.strip}>
            <span className={text.minor}>{collectorName(collector)}</span>
            <svg viewBox="0 0 700 12" preserveAspectRatio="none" aria-hidden>
              <rect width="700" height="12" fill="var(--raise)" />
              {blind
                .filter((interval) => interval.collector === collector)
                .map((interval) => {
                  const start = Math.max(0, ((Date.parse(interval.from) - from) / weekMs) * 700);
                  const end = (((interval.to === undefined ? now : Date.parse(interval.to)) - from) / weekMs) * 700;
                  return (
                    <rect
                      key={interval.from}
                      x={start}
                      width={Math.max(2, end - start)}
                      height="12"
                      fill="var(--bad)"
                    />
                  );
                })}
              {[1, 2, 3, 4, 5, 6].map((each) => (
                <rect key={each} x={each * 100} width="1" height="12" fill="var(--line-strong)" />
              ))}
            </svg>
          </div>
        ))}
        <div className={styles.axis}>
          <span>7 d ago</span>
          <span>now</span>
        </div>
      </div>
      <SimpleTable
        label="Blind intervals"
        rows={blind}
        rowKey={(interval) => interval.collector + interval.from}
        columns={[
          { id: 'collector', header: 'What', cell: (interval) => collectorName(interval.collector) },
          { id: 'from', header: 'From', cell: (interval) => formatMoment(interval.from, now) },
          {
            id: 'for',
            header: 'For',
            cell: (interval) => (
              <>
                {formatSpan((interval.to === undefined ? now : Date.parse(interval.to)) - Date.parse(interval.from))}
                {interval.to === undefined ? <span className={text.warn}>, still</span> : null}
              </>
            ),
          },
          { id: 'cause', header: 'Why', cell: (interval) => <span className={text.muted}>{interval.cause}</span> },
        ]}
      />
      <Advice about={collectors.map((collector) => [collectorName(collector), whenBlind(collector)])} />
    </>
  );
};
