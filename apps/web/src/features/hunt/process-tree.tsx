import { type HuntEvent, livesOf } from '@parapet/contract/api';
import { useMemo } from 'react';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { formatCount, formatMoment } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { usePanel } from '../../lib/view-state.ts';
import { GapNote } from './gap-note.tsx';
import type { Span } from './hunt-search.ts';
import { LivesTable } from './lives-table.tsx';
import { idOf } from './use-events.ts';
import type { useStartsAndEnds } from './use-starts-and-ends.ts';

type LivesProps = { readonly found: ReturnType<typeof useStartsAndEnds>; readonly span: Span };

/** Processes that the hunt finds, under those that started them. */
export const ProcessLives = ({ found, span }: LivesProps) => {
  const panel = usePanel();
  const now = useNow();
  const { data, error, refetch } = found;
  const lives = useMemo(() => livesOf(data?.events ?? []), [data]);
  if (error !== null && data === undefined)
    return <Failure what="The processes could not be fetched" error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Skeleton label="processes" lines={12} />;
  return (
    <>
      <GapNote gaps={data.gaps} span={span} />
      {lives.length === 0 ? (
        <Empty title="No process started or ended here in this time">
          Look at a longer span, or take a condition away. Which programs run now is on the asset’s page.
        </Empty>
      ) : (
        <LivesTable
          lives={lives}
          span={span}
          onOpen={(life) => {
            if (life.event !== undefined) panel.open({ kind: 'event', id: idOf(life.event) });
          }}
          foot={
            data.cut
              ? `The newest ${formatCount(data.events.length)} starts and ends, back to ${formatMoment(earliest(data.events), now)}. Look at a shorter span for those before.`
              : undefined
          }
        />
      )}
    </>
  );
};

const earliest = (events: readonly HuntEvent[]): string =>
  new Date(Number(events.at(-1)?.['@timestamp'] ?? 0) / 1000).toISOString();
