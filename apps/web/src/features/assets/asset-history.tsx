import type { TimelineEntry } from '@parapet/contract/api';
import { useInfiniteQuery } from '@tanstack/react-query';
import { PanelLink } from '../../components/any-link.tsx';
import { Button } from '../../components/button.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { type Tone, ToneMark } from '../../components/tone-mark.tsx';
import { apiPages } from '../../lib/api.ts';
import { formatAbsolute } from '../../lib/format.ts';
import { keyed } from '../../lib/keyed.ts';
import { useMoment } from '../../lib/view-state.ts';
import styles from './assets.module.css';

/** What the inventory noted of it, newest first. */
export const AssetHistory = ({ assetId }: { readonly assetId: string }) => {
  const moment = useMoment();
  const pages = useInfiniteQuery(apiPages('assets.timeline', { params: { assetId }, query: { limit: 100 } }));
  if (pages.error !== null && pages.data === undefined) {
    return <Failure what="The history could not be fetched" error={pages.error} retry={() => void pages.refetch()} />;
  }
  if (pages.data === undefined) return <Skeleton label="the history" />;
  const entries = pages.data.pages.flatMap((page) => page.items);
  if (entries.length === 0)
    return (
      <Empty title="Nothing happened yet">Starts, stops, ports, connections, scans and findings appear here.</Empty>
    );
  return (
    <>
      <ol className={styles.timeline}>
        {keyed(gathered(entries), ({ entry }) => entry.at + entry.kind + entry.text).map(([key, { entry, times }]) => (
          <li key={key} className={styles.entry}>
            <time dateTime={entry.at} className={text.muted}>
              {formatAbsolute(entry.at)}
            </time>
            <ToneMark tone={toneOf(entry)} />
            <span>
              {entry.findingId === undefined ? (
                entry.text
              ) : (
                <PanelLink target={{ kind: 'finding', id: entry.findingId }} className={text.link}>
                  {entry.text}
                </PanelLink>
              )}
              {times === 1 ? null : <span className={text.muted}> ×{times}</span>}
            </span>
            <Button look="quiet" small onClick={() => moment.set(entry.at)}>
              Show this moment
            </Button>
          </li>
        ))}
      </ol>
      {pages.hasNextPage ? (
        <Button onClick={() => void pages.fetchNextPage()} disabled={pages.isFetchingNextPage}>
          Show earlier
        </Button>
      ) : null}
    </>
  );
};

/** The same thing several times in a row is one line. */
const gathered = (
  entries: readonly TimelineEntry[],
): readonly { readonly entry: TimelineEntry; readonly times: number }[] => {
  const lines: { entry: TimelineEntry; times: number }[] = [];
  for (const entry of entries) {
    const last = lines.at(-1);
    if (last?.entry.kind === entry.kind && last.entry.text === entry.text) last.times += 1;
    else lines.push({ entry, times: 1 });
  }
  return lines;
};

const toneOf = (entry: TimelineEntry): Tone => {
  if (entry.kind === 'finding-opened') return 'warn';
  if (entry.kind === 'blind') return 'bad';
  return ['stopped', 'edge-closed', 'listener-closed', 'process-ended'].includes(entry.kind) ? 'none' : 'ok';
};
