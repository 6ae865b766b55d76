import type { AuditEntry } from '@parapet/contract/api';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { ChoiceMenu } from '../../components/choice-menu.tsx';
import type { Column } from '../../components/columns.ts';
import { DataTable } from '../../components/data-table.tsx';
import { SearchField } from '../../components/field.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { type Tone, ToneMark } from '../../components/tone-mark.tsx';
import { apiPages } from '../../lib/api.ts';
import { formatAbsolute, formatTotal } from '../../lib/format.ts';
import { useFetchMore, useRowsOf } from '../../lib/paged-rows.ts';
import { useSetSearch, useTextFilter } from '../../lib/view-state.ts';
import styles from './settings.module.css';

type Outcome = AuditEntry['outcome'];
type AuditSearch = {
  readonly q?: string;
  readonly outcome?: Outcome;
  readonly since?: string;
  readonly until?: string;
};

/** Who did what, and what was refused. */
export const AuditPage = () => {
  const search = useSearch({ strict: false }) as AuditSearch;
  const setSearch = useSetSearch();
  const { q, outcome, since, until } = search;
  const query = {
    limit: 200,
    ...(q === undefined ? {} : { q }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
  const pages = useInfiniteQuery(apiPages('audit.list', { query }));
  const rows = useRowsOf(pages);
  const fetchMore = useFetchMore(pages);
  const onSearch = useTextFilter();
  const first = pages.data?.pages[0];
  return (
    <Page
      name="Audit log"
      full
      title={
        first === undefined ? 'Audit log' : `${formatTotal(first.total, first.totalIsMinimum)} entries in the audit log`
      }
      subline="What people, tokens and sensors did, and what was refused to them. How long it is kept: Retention."
      tools={
        <>
          <SearchField label="Filter the log" value={q ?? ''} onSearch={onSearch} />
          <ChoiceMenu
            label="Outcome"
            value={outcome ?? 'any'}
            options={outcomes}
            onChange={(value) => setSearch({ outcome: value === 'any' ? undefined : value })}
          />
          <ChoiceMenu
            label="Since"
            value={since === undefined ? 'any' : 'set'}
            options={since === undefined ? spans : [...spans, { value: 'set', label: formatAbsolute(since) }]}
            onChange={(value) => setSearch({ since: sinceOf(value) })}
          />
        </>
      }
    >
      {pages.error !== null && first === undefined ? (
        <Failure what="The audit log could not be fetched" error={pages.error} retry={() => void pages.refetch()} />
      ) : first === undefined ? (
        <Skeleton label="the audit log" lines={12} />
      ) : rows.length === 0 ? (
        <Empty title="Nothing matches">Take a filter away.</Empty>
      ) : (
        <DataTable label="Audit log" columns={columns} rows={rows} rowKey={({ id }) => id} onEnd={fetchMore} />
      )}
    </Page>
  );
};

const outcomes = [
  { value: 'any', label: 'any' },
  { value: 'succeeded', label: 'succeeded' },
  { value: 'refused', label: 'refused' },
  { value: 'failed', label: 'failed' },
] as const;

const spans = [
  { value: 'any', label: 'ever' },
  { value: '1', label: 'yesterday' },
  { value: '7', label: 'a week ago' },
  { value: '30', label: '30 days ago' },
];

const sinceOf = (value: string): string | undefined =>
  value === 'any' ? undefined : new Date(Date.now() - Number(value) * 86_400_000).toISOString();

const tones: Readonly<Record<Outcome, Tone>> = { succeeded: 'ok', refused: 'warn', failed: 'bad' };

/** Narrower than this, who and when share a column and the outcome is its mark alone. */
const narrowPx = 560;

const Actor = ({ actor }: Pick<AuditEntry, 'actor'>) => (
  <>
    <span className={text.name}>{actor.name}</span>
    {actor.kind === 'user' || actor.kind === actor.name ? null : <span className={text.muted}> {actor.kind}</span>}
  </>
);

const columns: readonly Column<AuditEntry>[] = [
  {
    id: 'at',
    header: 'When',
    width: '178px',
    from: narrowPx,
    cell: (entry) => (
      <time dateTime={entry.at} className={text.muted}>
        {formatAbsolute(entry.at)}
      </time>
    ),
  },
  {
    id: 'actor',
    header: 'Who',
    width: 'minmax(0, 0.8fr)',
    from: narrowPx,
    cell: (entry) => (
      <>
        <Actor actor={entry.actor} />
        {entry.address === undefined ? null : <div className={text.minor}>{entry.address}</div>}
      </>
    ),
  },
  {
    id: 'short-outcome',
    header: 'Outcome',
    hiddenHeader: true,
    width: '14px',
    until: narrowPx,
    cell: (entry) => <ToneMark tone={tones[entry.outcome]} label={entry.outcome} />,
  },
  {
    id: 'short-actor',
    header: 'Who, when',
    width: 'minmax(0, 0.8fr)',
    until: narrowPx,
    cell: (entry) => (
      <>
        <Actor actor={entry.actor} />
        <div className={text.minor}>
          <Time at={entry.at} />
        </div>
      </>
    ),
  },
  {
    id: 'action',
    header: 'What',
    width: 'minmax(0, 1fr)',
    cell: (entry) => (
      <>
        <span className={text.mono}>{entry.action}</span>
        {entry.target === undefined ? null : <div className={text.minor}>{entry.target}</div>}
      </>
    ),
  },
  {
    id: 'outcome',
    header: 'Outcome',
    width: '104px',
    from: narrowPx,
    cell: (entry) => (
      <span className={styles.state}>
        <ToneMark tone={tones[entry.outcome]} /> {entry.outcome}
      </span>
    ),
  },
  {
    id: 'details',
    header: 'Details',
    width: 'minmax(0, 1.4fr)',
    from: 760,
    cell: (entry) => <span className={text.mono}>{detailsOf(entry)}</span>,
  },
];

const detailsOf = ({ details }: AuditEntry): string =>
  Object.entries(details)
    .filter(([, value]) => value !== null && value !== '' && JSON.stringify(value) !== '{}')
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? shortMoment(value) : JSON.stringify(value)}`)
    .join(', ')
    .slice(0, 400);

/** Moments as everywhere else, to the second; everything else as it is. */
const shortMoment = (value: string): string =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/.test(value) ? formatAbsolute(value) : value;
