import { useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Empty, Skeleton } from '../../components/states.tsx';
import { ToneMark } from '../../components/tone-mark.tsx';
import { formatCount } from '../../lib/format.ts';
import { usePanel } from '../../lib/view-state.ts';
import { EventsTable } from './events-table.tsx';
import { gapSentence, gapTone } from './gap-words.ts';
import styles from './hunt.module.css';
import type { HuntColumn } from './hunt-search.ts';
import { idOf } from './use-events.ts';
import { type Tail, useTail } from './use-tail.ts';

/** Events as they come. It stands still while one of them is open, or when told to; what came meanwhile is counted. */
export const TailList = ({ q, columns }: { readonly q: string; readonly columns: readonly HuntColumn[] }) => {
  const tail = useTail(q, true);
  const panel = usePanel();
  const [paused, setPaused] = useState(false);
  const frozen = useRef<Tail>(undefined);
  const still = paused || panel.target?.kind === 'event';
  frozen.current = still ? (frozen.current ?? tail) : undefined;
  const shown = frozen.current ?? tail;
  const first = shown.rows[0];
  const waiting = first === undefined ? tail.rows.length : tail.rows.findIndex((event) => idOf(event) === idOf(first));
  const now = Date.now();
  const lack = gapTone(tail.gaps);
  const isWarning = tail.error !== null || tail.overrun || lack === 'bad';
  return (
    <>
      <p className={styles.gaps} data-lacks={lack !== 'ok'}>
        <ToneMark tone={isWarning ? 'warn' : lack} />
        <span>{stateOf(tail, now)}</span>
        {still ? (
          <Button
            small
            look="primary"
            onClick={() => {
              setPaused(false);
              panel.close();
            }}
          >
            {waiting > 0 ? `${formatCount(waiting)} new. Show` : 'Go on'}
          </Button>
        ) : (
          <Button small look="quiet" onClick={() => setPaused(true)}>
            Stand still
          </Button>
        )}
      </p>
      {!shown.started ? (
        <Skeleton label="events" lines={12} />
      ) : shown.rows.length === 0 ? (
        <Empty title="Nothing yet">Events of the last minute and from now on appear here, about a second later.</Empty>
      ) : (
        <EventsTable rows={shown.rows} columns={columns} />
      )}
    </>
  );
};

const stateOf = (tail: Tail, now: number): string => {
  if (tail.error !== null) return `The console did not answer: ${tail.error.message} Trying again.`;
  const recent = { since: new Date(now - 60_000).toISOString(), until: new Date(now).toISOString() };
  const parts = [
    tail.overrun ? 'More came at once than is shown here: narrow the hunt, or look at the time afterwards.' : '',
    tail.gaps.length === 0 ? '' : gapSentence(tail.gaps, recent, now),
  ].filter(Boolean);
  return parts.length === 0 ? 'Following, every two seconds.' : parts.join(' ');
};
