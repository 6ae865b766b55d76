import { collectorName, lossCause, lossPlace, lostCount, type SystemStatus } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { AnyLink } from '../../components/any-link.tsx';
import { KeyValues } from '../../components/key-values.tsx';
import { Page, Section } from '../../components/page.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Since, Time } from '../../components/time.tsx';
import { ToneMark } from '../../components/tone-mark.tsx';
import { apiQuery } from '../../lib/api.ts';
import { formatAbsolute, formatBytes, formatCount, formatShare, formatSpan } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { Backups } from './backups.tsx';
import styles from './settings.module.css';

/** The console's own health. */
export const ConsolePage = () => {
  const now = useNow();
  const { data, error, refetch } = useQuery({ ...apiQuery('status.get'), refetchInterval: 5000 });
  if (data === undefined) {
    return (
      <Page name="This console" title="This console">
        {error === null ? (
          <Skeleton label="the console’s health" lines={10} />
        ) : (
          <Failure what="The console’s health could not be fetched" error={error} retry={() => void refetch()} />
        )}
      </Page>
    );
  }
  return (
    <Page
      name="This console"
      title={headline(data, now)}
      subline={`${data.name} ${data.version}, up for ${formatSpan(now - Date.parse(data.startedAt))}, data in ${data.dataDir}`}
    >
      <div className={styles.pair}>
        <div>
          <Section title="Intake">
            <KeyValues items={intakeOf(data)} />
          </Section>
          <Section title="Stores">
            <Stores status={data} />
          </Section>
        </div>
        <div>
          <Section title="This process and its disk">
            <KeyValues items={resourcesOf(data)} />
          </Section>
          <Section title="Waiting work">
            <Queues status={data} />
          </Section>
        </div>
      </div>
      <Section title="Web certificate">
        <Certificate status={data} now={now} />
      </Section>
      <Backups />
      <Section title="Lost, last 7 days">
        <Losses status={data} />
      </Section>
      <Section title="Where we are blind now, and lately were">
        <Blind status={data} />
      </Section>
    </Page>
  );
};

const headline = ({ stores, ingest, queues, certificate }: SystemStatus, now: number): string => {
  const away = stores.filter((store) => store.state === 'away');
  if (away.length > 0) return `${away.map((store) => store.name).join(' and ')} cannot be reached`;
  if (Date.parse(certificate.expiresAt) <= now) return 'The web certificate has expired';
  if ((ingest.lagMsP99 ?? 0) > 5000) return `The intake lags by ${formatSpan(ingest.lagMsP99 ?? 0)}`;
  const failed = queues.reduce((sum, queue) => sum + queue.failed, 0);
  if (failed > 0) return `The console works; ${formatCount(failed)} ${failed === 1 ? 'job has' : 'jobs have'} failed`;
  if (certificate.warnings.length > 0) return 'The console works; its web certificate needs you';
  return 'The console is well';
};

const intakeOf = ({ ingest }: SystemStatus) => [
  { name: 'Sensors connected', value: formatCount(ingest.connectedSensors) },
  { name: 'Frames', value: `${ingest.framesPerSecond.toFixed(1)} a second` },
  { name: 'Records', value: `${formatCount(ingest.recordsPerSecond)} a second` },
  {
    name: 'Host to stored',
    value:
      ingest.lagMsP50 === undefined
        ? 'nothing arrived in the last minute'
        : `half within ${formatSpan(ingest.lagMsP50)}, 99 % within ${formatSpan(ingest.lagMsP99 ?? ingest.lagMsP50)}`,
  },
  { name: 'Frames refused', value: formatCount(ingest.refusedFrames) },
  { name: 'Unknown messages', value: formatCount(ingest.unknownMessages) },
];

const resourcesOf = ({ memory, eventLoopLagMsP99, disk, addresses }: SystemStatus) => [
  { name: 'Memory', value: `${formatBytes(memory.rssBytes)}, of it ${formatBytes(memory.heapBytes)} heap` },
  { name: 'Held in memory', value: memory.copies.map(copyText).join(', ') },
  { name: 'Event loop', value: `99 % within ${eventLoopLagMsP99.toFixed(1)} ms` },
  { name: 'Data', value: formatBytes(disk.dataBytes) },
  {
    name: 'Disk',
    value: `${formatBytes(disk.freeBytes)} of ${formatBytes(disk.totalBytes)} free${disk.totalBytes === 0 ? '' : ` (${formatShare(disk.freeBytes / disk.totalBytes)})`}`,
  },
  { name: 'Addresses', value: addresses.join(', ') },
];

/** What is held to answer from at once. */
const copyText = ({ name, rows, bytes, state }: SystemStatus['memory']['copies'][number]): string => {
  switch (state) {
    case 'ready':
      return `${formatCount(rows)} ${name} (${formatBytes(bytes)})`;
    case 'reading':
      return `${name} are being read`;
    case 'too-many':
      return `no ${name}: they are too many, so pages with them take longer`;
  }
};

const Stores = ({ status }: { readonly status: SystemStatus }) => (
  <ul>
    {status.stores.map((store) => (
      <li key={store.name} className={styles.store}>
        <ToneMark tone={store.state === 'ok' ? 'ok' : 'bad'} label={store.state} />
        <span className={text.strong}>{store.name}</span>
        <span className={text.muted}>
          {store.detail}, {store.state === 'ok' ? 'well' : 'away'} <Since at={store.since} />
        </span>
      </li>
    ))}
  </ul>
);

const Certificate = ({ status: { certificate }, now }: { readonly status: SystemStatus; readonly now: number }) => {
  const leftMs = Date.parse(certificate.expiresAt) - now;
  const origin = certificate.source === 'given' ? 'From files you gave' : 'Made by this console’s own authority';
  return (
    <ul>
      <li className={styles.store}>
        <ToneMark
          tone={leftMs <= 0 ? 'bad' : certificate.warnings.length > 0 ? 'warn' : 'ok'}
          label={leftMs <= 0 ? 'expired' : certificate.warnings.length > 0 ? 'look' : 'ok'}
        />
        <span className={text.strong}>{origin}</span>
        <span className={text.muted}>
          {leftMs <= 0
            ? `expired ${formatSpan(-leftMs)} ago, on ${formatAbsolute(certificate.expiresAt)}`
            : `valid for another ${formatSpan(leftMs)}, until ${formatAbsolute(certificate.expiresAt)}`}
        </span>
      </li>
      {certificate.warnings.map((warning) => (
        <li key={warning}>{warning}</li>
      ))}
    </ul>
  );
};

type Queue = SystemStatus['queues'][number];

/** Those with something in them; the rest in a word. */
const Queues = ({ status: { queues } }: { readonly status: SystemStatus }) => {
  const busy = queues.filter(({ waiting, active, failed }) => waiting + active + failed > 0);
  const idle = queues.length - busy.length;
  return (
    <>
      {busy.length === 0 ? null : (
        <SimpleTable label="Waiting work" columns={queueColumns} rows={busy} rowKey={({ name }) => name} />
      )}
      {idle === 0 ? null : (
        <p className={text.muted}>
          {busy.length === 0 ? `Nothing waits in any of ${idle} queues.` : `Nothing waits in ${idle} others.`}
        </p>
      )}
    </>
  );
};

/** What the work of a queue is; one that is not named here goes by its own name. */
const queueWords: Readonly<Record<string, string>> = {
  'backup-make': 'Backups',
  'backup-tick': 'When a backup is due',
  'feeds-rebuild': 'Advisories, built anew',
  'feeds-tick': 'When feeds are due',
  'feeds-update': 'Updates of feeds',
  'findings-daily': 'Old uploads and findings removed',
  'findings-hour': 'Risk of the day',
  'findings-minute': 'Findings of what is gone, ends of acceptances',
  'findings-rematch': 'Packages matched anew',
  'findings-vex': 'VEX documents applied',
  'findings-vex-hour': 'VEX documents that hold for labels',
  'people.clean': 'Old sessions and links removed',
  retention: 'What is past its time removed',
};

const queueColumns = [
  {
    id: 'name',
    header: 'Work',
    cell: ({ name }: Queue) => <span title={name}>{queueWords[name] ?? name}</span>,
  },
  { id: 'waiting', header: 'Waiting', align: 'end' as const, cell: (queue: Queue) => formatCount(queue.waiting) },
  { id: 'active', header: 'Under way', align: 'end' as const, cell: (queue: Queue) => formatCount(queue.active) },
  {
    id: 'failed',
    header: 'Failed',
    align: 'end' as const,
    cell: (queue: Queue) => (
      <span className={queue.failed > 0 ? text.bad : text.muted}>{formatCount(queue.failed)}</span>
    ),
  },
  {
    id: 'oldest',
    header: 'Oldest',
    align: 'end' as const,
    cell: (queue: Queue) => (queue.oldestMs === 0 ? '' : formatSpan(queue.oldestMs)),
  },
];

type Loss = SystemStatus['losses'][number];

const Losses = ({ status }: { readonly status: SystemStatus }) =>
  status.losses.length === 0 ? (
    <p className={text.muted}>None: every event and every record of the inventory is stored.</p>
  ) : (
    <SimpleTable
      label="Losses"
      columns={lossColumns}
      rows={status.losses}
      rowKey={(loss) => [loss.hostId, loss.collector, loss.stage, loss.cause].join()}
    />
  );

const lossColumns = [
  { id: 'lost', header: 'Lost', cell: (loss: Loss) => <b>{lostCount(loss.kind, loss.lost)}</b> },
  {
    id: 'host',
    header: 'Host',
    cell: (loss: Loss) => (
      <AnyLink to={`/sensors/${loss.hostId}`} className={text.link}>
        {loss.hostname}
      </AnyLink>
    ),
  },
  { id: 'where', header: 'Where', cell: (loss: Loss) => `${collectorName(loss.collector)}, ${lossPlace(loss.stage)}` },
  { id: 'cause', header: 'Cause', wideOnly: true, cell: (loss: Loss) => lossCause(loss.cause) },
  {
    id: 'last',
    header: 'Last',
    align: 'end' as const,
    cell: (loss: Loss) => <Time at={loss.lastAt} className={text.muted} />,
  },
];

type Interval = SystemStatus['blind'][number];

const Blind = ({ status }: { readonly status: SystemStatus }) =>
  status.blind.length === 0 ? (
    <p className={text.muted}>Nowhere.</p>
  ) : (
    <SimpleTable
      label="Blind intervals"
      columns={blindColumns}
      rows={status.blind}
      rowKey={(interval) => [interval.hostId, interval.collector, interval.from].join()}
    />
  );

const blindColumns = [
  {
    id: 'host',
    header: 'Host',
    cell: (interval: Interval) => (
      <AnyLink to={`/sensors/${interval.hostId}`} className={text.link}>
        {interval.hostname}
      </AnyLink>
    ),
  },
  { id: 'collector', header: 'What', cell: (interval: Interval) => collectorName(interval.collector) },
  {
    id: 'when',
    header: 'When',
    cell: (interval: Interval) =>
      interval.to === undefined ? (
        <span className={text.warn}>
          <Since at={interval.from} />
        </span>
      ) : (
        <>
          <Time at={interval.from} />, for {formatSpan(Date.parse(interval.to) - Date.parse(interval.from))}
        </>
      ),
  },
  { id: 'cause', header: 'Why', wideOnly: true, cell: (interval: Interval) => interval.cause },
];
