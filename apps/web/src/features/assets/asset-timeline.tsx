import type { TimelineEntry } from '@parapet/contract/api';
import { useInfiniteQuery } from '@tanstack/react-query';
import { PanelLink } from '../../components/any-link.tsx';
import { Button } from '../../components/button.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { type Tone, ToneMark } from '../../components/tone-mark.tsx';
import { apiPages } from '../../lib/api.ts';
import { formatAbsolute } from '../../lib/format.ts';
import { useMoment } from '../../lib/view-state.ts';
import styles from './assets.module.css';

/** What happened to it, newest first. */
export const AssetTimeline = ({ assetId }: { readonly assetId: string }) => {
  const moment = useMoment();
  const pages = useInfiniteQuery(apiPages('assets.timeline', { params: { assetId }, query: { limit: 100 } }));
  if (pages.error !== null && pages.data === undefined) {
    return <Failure what="The timeline could not be fetched" error={pages.error} retry={() => void pages.refetch()} />;
  }
  if (pages.data === undefined) return <Skeleton label="the timeline" />;
  const entries = pages.data.pages.flatMap((page) => page.items);
  if (entries.length === 0)
    return <Empty title="Nothing happened yet">Starts, stops, listeners and scans appear here.</Empty>;
  return (
    <>
      <ol className={styles.timeline}>
        {entries.map((entry) => (
          <li key={entry.at + entry.kind + entry.text} className={styles.entry}>
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

const toneOf = (entry: TimelineEntry): Tone => {
  if (entry.kind === 'finding-opened') return 'warn';
  if (entry.kind === 'blind') return 'bad';
  return ['stopped', 'edge-closed', 'listener-closed', 'process-ended'].includes(entry.kind) ? 'none' : 'ok';
};
