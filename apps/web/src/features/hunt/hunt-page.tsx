import { ApiFailure } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Pause, Play } from 'lucide-react';
import { useCallback } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { Button, buttonClass } from '../../components/button.tsx';
import { ActionMenu } from '../../components/choice-menu.tsx';
import { NoHosts } from '../../components/no-hosts.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { api, apiQuery, steadyQuery } from '../../lib/api.ts';
import { formatCount, formatMoment, formatSpan, plural } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { stringifySearch } from '../../lib/search-params.ts';
import { useSetSearch } from '../../lib/view-state.ts';
import { ColumnMenu, columnsOf } from './column-menu.tsx';
import { EventsTable } from './events-table.tsx';
import { GapNote } from './gap-note.tsx';
import { HuntHistogram } from './histogram.tsx';
import { HuntBar } from './hunt-bar.tsx';
import { HuntHelp } from './hunt-help.tsx';
import type { HuntSearch, Span } from './hunt-search.ts';
import { ProcessLives } from './process-tree.tsx';
import { SavedHunts } from './saved-hunts.tsx';
import { TailList } from './tail-list.tsx';
import { TimeRange } from './time-range.tsx';
import { type Events, maxRows, useEvents } from './use-events.ts';
import { useSpan } from './use-span.ts';
import { useStartsAndEnds } from './use-starts-and-ends.ts';

/** Searches what happened: a hunt as text, when it happened, the events, and what of that time nobody saw. */
export const HuntPage = () => {
  const search = useSearch({ strict: false }) as HuntSearch;
  const setSearch = useSetSearch();
  const { span, renew } = useSpan(search);
  const q = search.q ?? '';
  const tail = search.tail === 'on';
  const tree = search.view === 'tree';
  const events = useEvents(q, span, !tail && !tree);
  const lives = useStartsAndEnds(q, span, !tail && tree);
  const histogram = useQuery({
    ...steadyQuery('hunt.histogram', { query: { q, ...span, steps: 100 } }),
    enabled: !tail,
  });
  const error = tail || tree ? histogram.error : (events.error ?? histogram.error);
  const mistake = error instanceof ApiFailure && error.code === 'bad-hunt' ? error : null;
  const onRun = useCallback(
    (next: string) => {
      renew();
      setSearch({ q: next === '' ? undefined : next });
    },
    [renew, setSearch],
  );
  const zoom = (to: Span): void => setSearch({ since: to.since, until: to.until, tail: undefined });
  return (
    <Page
      name="Hunt"
      full
      title={headline(histogram.data?.total, tail, mistake !== null)}
      subline={<StoreLine />}
      tools={
        <>
          <TimeRange search={search} span={span} />
          <Button
            look={tail ? 'primary' : 'plain'}
            aria-pressed={tail}
            onClick={() =>
              setSearch({ tail: tail ? undefined : 'on', view: undefined, since: undefined, until: undefined })
            }
          >
            {tail ? <Pause size={13} aria-hidden /> : <Play size={13} aria-hidden />} Live tail
          </Button>
          <ColumnMenu columns={columnsOf(search.cols)} />
          <SavedHunts search={search} />
          <ActionMenu label="Export" items={exportsOf(q, span)} />
        </>
      }
    >
      <HuntBar q={q} span={span} error={mistake} busy={events.stale && !tail && mistake === null} onRun={onRun} />
      {tail ? (
        <TailList q={q} columns={columnsOf(search.cols)} />
      ) : (
        <>
          <HuntHistogram
            span={span}
            histogram={histogram.data}
            gaps={(tree ? lives.data?.gaps : events.gaps) ?? []}
            onZoom={zoom}
          />
          <Tabs label="How to look at it" tabs={tabsFor(search)} />
          {mistake !== null ? (
            <HuntHelp />
          ) : tree ? (
            <ProcessLives found={lives} span={span} />
          ) : (
            <Found search={search} span={span} events={events} />
          )}
        </>
      )}
    </Page>
  );
};

type FoundProps = { readonly search: HuntSearch; readonly span: Span; readonly events: Events };

const Found = ({ search, span, events }: FoundProps) => {
  const now = useNow();
  const { rows, gaps, error } = events;
  if (error !== null && rows.length === 0)
    return <Failure what="The events could not be searched" error={error} retry={events.refetch} />;
  if (events.pending) return <Skeleton label="events" lines={12} />;
  return (
    <>
      <GapNote gaps={gaps} span={span} />
      {rows.length === 0 ? (
        <NothingFound search={search} lacks={(gaps ?? []).length > 0} />
      ) : (
        <EventsTable
          rows={rows}
          columns={columnsOf(search.cols)}
          onEnd={events.fetchMore}
          foot={footOf(events, error, now)}
        />
      )}
    </>
  );
};

const footOf = ({ rows, more, fetchingMore }: Events, error: Error | null, now: number): string => {
  if (error !== null) return `What follows could not be fetched: ${error.message}`;
  const last = rows.at(-1);
  const until = last === undefined ? '' : formatMoment(new Date(Number(last['@timestamp']) / 1000).toISOString(), now);
  if (fetchingMore) return `Fetching events before ${until}…`;
  if (!more) return `All ${plural(rows.length, 'event')} of this time.`;
  return rows.length >= maxRows
    ? `The newest ${formatCount(rows.length)} events, back to ${until}. Look at a part of the time for those before, or export all.`
    : `${formatCount(rows.length)} events so far.`;
};

const NothingFound = ({ search, lacks }: { readonly search: HuntSearch; readonly lacks: boolean }) => {
  const { data } = useQuery(apiQuery('hunt.fields'));
  const { data: trust } = useQuery(apiQuery('trust.get'));
  if (trust?.hosts.total === 0)
    return <NoHosts>Events can be searched a second after the first host is connected.</NoHosts>;
  if (data !== undefined && data.store.since === undefined) {
    if (trust !== undefined && trust.hosts.simulated === trust.hosts.total)
      return (
        <Empty
          title="No event has come yet"
          actions={
            <AnyLink to="/sensors/add" className={buttonClass()}>
              Add a real host
            </AnyLink>
          }
        >
          Simulated hosts tell events of their own within a minute. What a real host does can be searched here a second
          later.
        </Empty>
      );
    return (
      <Empty
        title="No sensor has recorded an event yet"
        actions={
          <AnyLink to="/sensors" className={buttonClass()}>
            See what sensors record
          </AnyLink>
        }
      >
        Recording needs root and a kernel that offers it. Each sensor’s page says what it can see and why not.
      </Empty>
    );
  }
  return (
    <Empty
      title={lacks ? 'Nothing was found in what was recorded of this time' : 'Nothing like this happened in this time'}
    >
      {lacks
        ? 'Some of it was not seen or not recorded, as said above: that nothing is here does not prove that nothing happened.'
        : search.q === undefined
          ? 'Look at a longer time.'
          : 'Look at a longer time, or take a condition away.'}
    </Empty>
  );
};

/** How far back one can look, and how much there is. */
const StoreLine = () => {
  const { data } = useQuery(apiQuery('hunt.fields'));
  const now = useNow();
  if (data === undefined) return 'Everything that processes and connections did.';
  const { events, since } = data.store;
  if (since === undefined) return 'Nothing is recorded yet.';
  const age = formatSpan(now - Date.parse(since));
  return events === undefined
    ? `Events of the last ${age}.`
    : `${plural(events, 'event')} of the last ${age} are kept.`;
};

const headline = (total: number | undefined, tail: boolean, mistaken: boolean): string => {
  if (tail) return 'Events as they come';
  if (mistaken) return 'This hunt cannot be read';
  return total === undefined ? 'Hunt' : plural(total, 'event');
};

const tabsFor = (search: HuntSearch) => {
  const to = (view: HuntSearch['view']): string => `/hunt${stringifySearch({ ...search, view })}`;
  return [
    { label: 'Events', to: to(undefined), current: search.view === undefined },
    { label: 'Process tree', to: to('tree'), current: search.view === 'tree' },
  ];
};

const exportFormats = [
  { format: 'csv', label: 'All events as CSV' },
  { format: 'ndjson', label: 'All events as JSON lines' },
  { format: 'parquet', label: 'Up to 5 million events as Parquet' },
] as const;

const exportsOf = (q: string, span: Span) =>
  exportFormats.map(({ format, label }) => ({
    label,
    href: api.url('hunt.export', { query: { q, ...span, format } }),
  }));
