import { collectorName, type EventAccount, lossCause, lossPlace, type ResultOf } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { BlindPattern } from '../../components/blind-pattern.tsx';
import { ChoiceMenu } from '../../components/choice-menu.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { InlineError, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { steadyQuery } from '../../lib/api.ts';
import { axisZone, formatCount, formatMoment, formatShare, plural } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { useMay } from '../../lib/session.ts';
import styles from './sensors.module.css';

const windows = [
  { value: '60', label: '1 hour' },
  { value: '1440', label: '24 hours' },
  { value: '10080', label: '7 days' },
] as const;
type Minutes = (typeof windows)[number]['value'];

/** What became of every event that was produced on a host in a span of time: recorded, left out, or lost, where and why. */
export const EventAccounts = ({ hostId }: { readonly hostId: string }) => {
  const now = useNow();
  const mayHunt = useMay('telemetry:read');
  const [minutes, setMinutes] = useState<Minutes>('1440');
  const spanMs = Number(minutes) * 60_000;
  // Whole steps, so that the same minute is asked for once.
  const until = Math.ceil(now / 60_000) * 60_000;
  const query = { since: new Date(until - spanMs).toISOString(), until: new Date(until).toISOString(), steps: 96 };
  const { data, error } = useQuery(steadyQuery('hunt.accounts', { params: { hostId }, query }));
  if (error !== null && data === undefined) return <InlineError error={error} />;
  if (data === undefined) return <Skeleton label="what was recorded" lines={3} />;
  return (
    <>
      <div className={styles.accountHead}>
        <p>{accountSentence(data)}</p>
        <ChoiceMenu label="Last" value={minutes} options={windows} onChange={setMinutes} />
      </div>
      {data.collectors.length === 0 ? null : (
        <>
          <Chart accounts={data} from={until - spanMs} to={until} now={now} />
          <SimpleTable label="Events by collector" rows={data.collectors} rowKey={collectorOf} columns={columns} />
          <LossTable collectors={data.collectors} />
        </>
      )}
      {mayHunt ? (
        <p>
          <AnyLink to={`/hunt?q=${encodeURIComponent(`host.id = ${hostId}`)}&last=${minutes}`} className={text.link}>
            Hunt in the events of this host
          </AnyLink>
        </p>
      ) : null}
    </>
  );
};

type Accounts = ResultOf<'hunt.accounts'>;

const collectorOf = ({ collector }: EventAccount): string => collector;

export const accountSentence = ({ collectors, blind }: Pick<Accounts, 'collectors' | 'blind'>): string => {
  const sum = (of: (account: EventAccount) => number): number =>
    collectors.reduce((total, account) => total + of(account), 0);
  const [produced, lost] = [sum((account) => account.produced), sum((account) => account.lost)];
  const blindTimes = blind.filter(({ unwatched }) => unwatched !== true).length;
  const unseen = [
    blindTimes === 0 ? '' : ` ${plural(blindTimes, 'time')} it could not see at all.`,
    blindTimes === blind.length ? '' : ' Not all of it was watched.',
  ].join('');
  if (collectors.length === 0) return `No events were recorded here in this time.${unseen}`;
  if (lost === 0) return `${plural(produced, 'event')} happened, and none was lost.${unseen}`;
  const share = produced === 0 ? '' : `, ${formatShare(Math.min(1, lost / produced))},`;
  return `${formatCount(lost)} of ${plural(produced, 'event')}${share} ${lost === 1 ? 'was' : 'were'} lost.${unseen}`;
};

const columns = [
  { id: 'collector', header: 'What', cell: ({ collector }: EventAccount) => collectorName(collector) },
  ...(
    [
      ['produced', 'Happened'],
      ['told', 'Recorded'],
      ['unwanted', 'Left out'],
      ['lost', 'Lost'],
    ] as const
  ).map(([id, header]) => ({
    ...{ id, header, align: 'end' as const },
    ...(id === 'unwanted' ? { wideOnly: true } : {}),
    cell: (account: EventAccount) => (
      <span className={id === 'lost' && account.lost > 0 ? text.bad : undefined}>{formatCount(account[id])}</span>
    ),
  })),
];

const LossTable = ({ collectors }: { readonly collectors: readonly EventAccount[] }) => {
  const rows = collectors.flatMap(({ collector, losses }) => losses.map((loss) => ({ collector, ...loss })));
  return rows.length === 0 ? null : (
    <SimpleTable
      label="Events lost, by place and cause"
      rows={rows}
      rowKey={({ collector, stage, cause }) => `${collector}|${stage}|${cause}`}
      columns={[
        { id: 'count', header: 'Lost', cell: ({ count }) => <b>{formatCount(count)}</b> },
        { id: 'stage', header: 'Where', cell: ({ stage }) => lossPlace(stage) },
        { id: 'cause', header: 'Why', cell: ({ cause }) => lossCause(cause) },
      ]}
    />
  );
};

const [width, height] = [960, 44];

type ChartProps = {
  readonly accounts: Accounts;
  readonly from: number;
  readonly to: number;
  readonly now: number;
};

/** Events over time, lost ones in the colour of trouble, spans without sight hatched. The tables below say the same. */
const Chart = ({ accounts, from, to, now }: ChartProps) => {
  const x = (ms: number): number => Math.min(1, Math.max(0, (ms - from) / (to - from))) * width;
  const most = Math.max(1, ...accounts.buckets.map(({ produced }) => produced));
  // By the square root, so that a burst does not hide the rest; a loss is never too small to be seen.
  const size = (count: number): number => (count === 0 ? 0 : Math.max(2, Math.sqrt(count / most) * height));
  return (
    <div className={styles.accountChart} aria-hidden>
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden>
        <BlindPattern id="accounts-blind" />
        {accounts.blind.map((span) => {
          const a = x(Date.parse(span.from));
          const b = x(span.to === undefined ? to : Date.parse(span.to));
          return (
            <rect
              key={span.collector + span.from}
              x={a}
              width={Math.max(3, b - a)}
              height={height}
              fill="url(#accounts-blind)"
            />
          );
        })}
        {accounts.buckets.map(({ at, produced, lost }) => {
          const a = x(Date.parse(at));
          const b = x(Date.parse(at) + accounts.stepMs);
          const [all, gone] = [size(produced), size(lost)];
          return (
            <g key={at}>
              <rect
                x={a + 0.5}
                width={Math.max(1, b - a - 1)}
                y={height - all}
                height={all}
                fill="var(--accent)"
                opacity="0.7"
              />
              <rect x={a + 0.5} width={Math.max(1, b - a - 1)} y={height - gone} height={gone} fill="var(--bad)" />
            </g>
          );
        })}
      </svg>
      <div className={styles.chartAxis} title={axisZone}>
        <span>{formatMoment(new Date(from).toISOString(), now)}</span>
        <span>now</span>
      </div>
    </div>
  );
};
