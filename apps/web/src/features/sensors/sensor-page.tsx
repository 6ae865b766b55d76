import { collectorName, lossAdvice, lossCause, lossPlace, lostCount, type ResultOf } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { AnyLink } from '../../components/any-link.tsx';
import { buttonClass } from '../../components/button.tsx';
import { CommandBlock, IdText } from '../../components/copy.tsx';
import { KeyValues } from '../../components/key-values.tsx';
import { Page, Section } from '../../components/page.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Since, Time } from '../../components/time.tsx';
import { ToneMark } from '../../components/tone-mark.tsx';
import { apiQuery } from '../../lib/api.ts';
import { formatBytes, formatCores, formatCount, formatDay, formatSpan } from '../../lib/format.ts';
import { presenceNames } from '../../lib/words.ts';
import { Advice } from './advice.tsx';
import { BlindTimeline } from './blind-timeline.tsx';
import { Collectors } from './collectors.tsx';
import { EventAccounts } from './event-accounts.tsx';
import { HostPolicyView } from './host-policy.tsx';
import { SensorActions } from './sensor-actions.tsx';
import { enrolmentWords, presenceMeanings, presenceTones, skewOf } from './sensor-words.ts';
import styles from './sensors.module.css';
import { useUpgrades } from './upgrade-panel.tsx';
import { standingNames, upgradeText, wayToUpgrade } from './upgrade-words.ts';

type SensorDetail = ResultOf<'sensors.get'>;

/** One sensor: what it sees, what it costs, what it missed. */
export const SensorPage = () => {
  const { hostId } = useParams({ from: '/shell/sensors/$hostId' });
  const { data, error, refetch } = useQuery({
    ...apiQuery('sensors.get', { params: { hostId } }),
    refetchInterval: 15_000,
  });
  if (data === undefined) {
    return (
      <Page name="Sensor" title="Sensor" subline={<AnyLink to="/sensors">All sensors</AnyLink>}>
        {error === null ? (
          <Skeleton label="the sensor" lines={10} />
        ) : (
          <Failure what="This sensor could not be fetched" error={error} retry={() => void refetch()} />
        )}
      </Page>
    );
  }
  return (
    <Page
      name={data.hostname}
      title={`Sensor on ${data.hostname}`}
      subline={
        <span className={styles.presence}>
          <ToneMark tone={presenceTones[data.presence]} />
          <span>
            {presenceNames[data.presence]} <Since at={data.since} />. {data.cause ?? presenceMeanings[data.presence]}
          </span>
        </span>
      }
      tools={
        <>
          <AnyLink to={`/assets/${hostId}`} className={buttonClass()}>
            The host
          </AnyLink>
          <SensorActions sensor={data} />
        </>
      }
    >
      <div className={styles.columns}>
        <div>
          <Section title={data.presence === 'online' ? 'What it sees' : 'What it saw, as it last said'}>
            <Collectors
              collectors={data.collectors.filter(({ name }) => name !== limitsName)}
              online={data.presence === 'online'}
            />
          </Section>
          <Section title="When we were blind here, last 7 days">
            <BlindTimeline blind={data.blind} />
          </Section>
          <Section title="What became of its events">
            <EventAccounts hostId={hostId} />
          </Section>
          <Section title="What it records">
            <HostPolicyView hostId={hostId} />
          </Section>
          <Section title="Counted losses">
            <Losses sensor={data} />
          </Section>
        </div>
        <div>
          <Section title="Cost on the host">
            <KeyValues items={costOf(data)} />
          </Section>
          <Section title="Connection">
            <KeyValues items={connectionOf(data)} />
          </Section>
          <Section title="Program">
            <Program sensor={data} />
          </Section>
          <Section title="Identity">
            <KeyValues items={identityOf(data)} />
          </Section>
        </div>
      </div>
    </Page>
  );
};

const Program = ({ sensor }: { readonly sensor: SensorDetail }) => {
  const { data: upgrades } = useUpgrades();
  const way = wayToUpgrade(sensor, upgrades?.release);
  const last = upgrades?.rollouts
    .flatMap((rollout) => rollout.upgrades)
    .find((upgrade) => upgrade.hostId === sensor.hostId);
  const items = [
    { name: 'Version', value: `${sensor.version}, ${standingNames[sensor.standing]}` },
    ...(sensor.program?.build === undefined ? [] : [{ name: 'Build', value: sensor.program.build }]),
    ...(sensor.program === undefined ? [] : [{ name: 'Processor', value: sensor.program.architecture }]),
    {
      name: 'Unasked ends, 7 days',
      value: sensor.unexpectedEnds === 0 ? 'none' : `${sensor.unexpectedEnds}; why is told under “When we were blind”`,
    },
    ...(last === undefined
      ? []
      : [
          {
            name: 'Last upgrade',
            value: (
              <>
                {upgradeText(last)}{' '}
                {last.endedAt === undefined ? null : <Time at={last.endedAt} className={text.muted} />}
              </>
            ),
          },
        ]),
  ];
  return (
    <>
      <KeyValues items={items} />
      {way === undefined ? null : <p className={text.note}>{way.text}</p>}
      {way?.command === undefined ? null : <CommandBlock commands={[way.command]} label="Command for its host" />}
    </>
  );
};

const Losses = ({ sensor }: { readonly sensor: SensorDetail }) =>
  sensor.losses.length === 0 ? (
    <p className={text.muted}>None: every event and every record of the inventory arrived.</p>
  ) : (
    <>
      <SimpleTable
        label="Losses"
        columns={lossColumns}
        rows={sensor.losses}
        rowKey={(loss) => loss.collector + loss.stage + loss.cause}
      />
      <LossAdvice stages={sensor.losses.map(({ stage }) => stage)} />
    </>
  );

const LossAdvice = ({ stages }: { readonly stages: readonly string[] }) => (
  <Advice about={[...new Set(stages)].map((stage) => [capital(lossPlace(stage)), lossAdvice(stage)])} />
);

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

type Loss = SensorDetail['losses'][number];

const lossColumns = [
  { id: 'lost', header: 'Lost', cell: (loss: Loss) => <b>{lostCount(loss.kind, loss.lost)}</b> },
  { id: 'collector', header: 'What', cell: (loss: Loss) => collectorName(loss.collector) },
  { id: 'stage', header: 'Where', wideOnly: true, cell: (loss: Loss) => lossPlace(loss.stage) },
  { id: 'cause', header: 'Why', cell: (loss: Loss) => lossCause(loss.cause) },
  {
    id: 'last',
    header: 'Last',
    align: 'end' as const,
    cell: (loss: Loss) => <Time at={loss.lastAt} className={text.muted} />,
  },
];

/** What holds it back is told among its collectors, but is none. */
const limitsName = 'limits';

const limitsOf = (sensor: SensorDetail) => {
  const limits = sensor.collectors.find(({ name }) => name === limitsName);
  if (limits === undefined) return [];
  const parts = [limits.source, limits.reason].filter((part) => part !== undefined && part !== '');
  return [{ name: 'Limits', value: parts.join('. ') }];
};

const costOf = (sensor: SensorDetail) => [
  {
    name: 'Memory',
    value:
      sensor.rssBytes === undefined
        ? 'not reported yet'
        : `${formatBytes(sensor.rssBytes)}${sensor.anonymousBytes === undefined ? '' : `, of it ${formatBytes(sensor.anonymousBytes)} anonymous`}`,
  },
  { name: 'CPU', value: sensor.cpuCores === undefined ? 'not reported yet' : formatCores(sensor.cpuCores) },
  ...limitsOf(sensor),
  {
    name: 'Waiting to be sent',
    value: `${formatCount(sensor.queued)}${sensor.queued > 0 ? `, the oldest for ${formatSpan(sensor.queueAgeMs)}` : ''}`,
  },
];

const connectionOf = (sensor: SensorDetail) => [
  {
    name: 'Last heard',
    value: sensor.lastSeenAt === undefined ? 'never' : <Time at={sensor.lastSeenAt} />,
  },
  ...(sensor.address === undefined ? [] : [{ name: 'Address', value: sensor.address }]),
  {
    name: 'Clock',
    value: skewOf(sensor) ?? `in step (${formatSpan(sensor.skewMs)})`,
  },
  {
    name: 'Console’s copy',
    value:
      sensor.inSync === undefined
        ? 'not compared yet'
        : sensor.inSync
          ? 'in step'
          : 'not in step, a snapshot is asked for',
  },
  { name: 'Refused frames', value: formatCount(sensor.refusedFrames) },
];

const identityOf = (sensor: SensorDetail) => [
  { name: 'Host', value: <IdText id={sensor.hostId} /> },
  {
    name: 'Enrolled',
    value: (
      <>
        <Time at={sensor.enrolledAt} />. {enrolmentWords[sensor.enrolment]}.
      </>
    ),
  },
  { name: 'Network zone', value: sensor.zone },
  {
    name: 'Certificate',
    value: (
      <>
        <IdText id={sensor.certificate.serial} /> until {formatDay(sensor.certificate.notAfter)}
      </>
    ),
  },
];
