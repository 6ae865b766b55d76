import type { RetentionStatus } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { Page, Section } from '../../components/page.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { ToneMark } from '../../components/tone-mark.tsx';
import { apiQuery } from '../../lib/api.ts';
import { formatBytes, formatCompact, formatShare, plural } from '../../lib/format.ts';
import { useSession } from '../../lib/session.ts';
import { RetentionForm } from './retention-form.tsx';
import { kindNames } from './retention-words.ts';
import styles from './settings.module.css';

/** How long what is over is kept, what that costs, and what takes the disk. */
export const RetentionPage = () => {
  const { permissions } = useSession();
  const { data, error, refetch } = useQuery({ ...apiQuery('retention.get'), refetchInterval: 60_000 });
  if (data === undefined) {
    return (
      <Page name="Retention" title="Retention">
        {error === null ? (
          <Skeleton label="what is kept" lines={8} />
        ) : (
          <Failure what="What is kept could not be fetched" error={error} retry={() => void refetch()} />
        )}
      </Page>
    );
  }
  return (
    <Page
      name="Retention"
      title={headline(data)}
      subline="What is over is kept for a time and then removed. What lasts, and what is known of assets now, is never trimmed."
    >
      <Section title="What is kept, and what it costs">
        <SimpleTable label="What is kept" columns={columns} rows={data.kinds} rowKey={({ kind }) => kind} />
        <p className={text.muted}>
          Rates are of the last 7 days, from {plural(data.hosts, 'host')}. Rows and bytes are estimates of the database,
          those of events are counted, made <Time at={data.measuredAt} />.
        </p>
      </Section>
      <div className={styles.pair}>
        <Section title="Keep it for">
          {permissions.includes('system:write') ? (
            <RetentionForm key={JSON.stringify(data.settings)} status={data} />
          ) : (
            <p className={text.muted}>Only admins may change it.</p>
          )}
        </Section>
        <Section title="Disk">
          <Disk status={data} />
          <SimpleTable
            label="What takes the disk"
            columns={takesColumns}
            rows={data.takes}
            rowKey={({ name }) => name}
          />
        </Section>
      </div>
    </Page>
  );
};

const headline = ({ kinds, disk }: RetentionStatus): string => {
  if (disk.state === 'full') return 'The disk is full';
  if (disk.state === 'tight') return 'The disk is more than 85 % full';
  const perDay = kinds.reduce((sum, kind) => sum + kind.bytesPerDay, 0);
  return perDay === 0 ? 'Nothing is over yet' : `The past grows by about ${formatBytes(perDay)} a day`;
};

type Cost = RetentionStatus['kinds'][number];

const rowsOf = (kind: Cost['kind'], rows: number): string =>
  `${formatCompact(rows)} ${kind === 'telemetry' ? 'events' : 'rows'}`;

const columns = [
  { id: 'kind', header: 'What', cell: ({ kind }: Cost) => kindNames[kind] },
  { id: 'days', header: 'Kept for', align: 'end' as const, cell: ({ days }: Cost) => plural(days, 'day') },
  {
    id: 'back',
    header: 'Reaches back to',
    wideOnly: true,
    cell: ({ oldest }: Cost) =>
      oldest === undefined ? <span className={text.muted}>nothing is over yet</span> : <Time at={oldest} />,
  },
  {
    id: 'takes',
    header: 'Takes now',
    align: 'end' as const,
    cell: ({ kind, bytes, rows }: Cost) => (
      <>
        {formatBytes(bytes)} <span className={styles.rows}>{rowsOf(kind, rows)}</span>
      </>
    ),
  },
  {
    id: 'day',
    header: 'Each day',
    align: 'end' as const,
    cell: ({ kind, bytesPerDay, rowsPerDay }: Cost) => (
      <>
        {formatBytes(bytesPerDay)} <span className={styles.rows}>{rowsOf(kind, rowsPerDay)}</span>
      </>
    ),
  },
  {
    id: 'host',
    header: 'Each day and host',
    align: 'end' as const,
    wideOnly: true,
    cell: ({ bytesPerHostDay }: Cost) => (bytesPerHostDay === undefined ? '' : formatBytes(bytesPerHostDay)),
  },
];

const Disk = ({ status: { disk } }: { readonly status: RetentionStatus }) => {
  const tone = disk.state === 'ok' ? 'ok' : disk.state === 'tight' ? 'warn' : 'bad';
  const reserve =
    disk.reserve === undefined
      ? 'The database lies elsewhere; its disk is watched by whoever runs it.'
      : disk.reserve.held
        ? `${formatBytes(disk.reserve.bytes)} are kept back for the database.`
        : `The reserve of ${formatBytes(disk.reserve.bytes)} was given to the database.`;
  return (
    <div className={styles.store}>
      <ToneMark tone={tone} label={disk.state} />
      <span className={text.strong}>
        {formatBytes(disk.freeBytes)} free
        {disk.totalBytes === 0 ? '' : ` (${formatShare(disk.freeBytes / disk.totalBytes)})`}
      </span>
      <span className={text.muted}>
        of {formatBytes(disk.totalBytes)}. {reserve} From 85 % on it is said, and events older than a day make room;
        from 95 % on nothing more is taken from sensors, which keep it, and only the last hour of events is safe.
      </span>
    </div>
  );
};

type Take = RetentionStatus['takes'][number];

const takesColumns = [
  { id: 'name', header: 'What takes it', cell: ({ name }: Take) => name },
  { id: 'bytes', header: 'Size', align: 'end' as const, cell: ({ bytes }: Take) => formatBytes(bytes) },
];
