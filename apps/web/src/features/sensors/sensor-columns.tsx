import type { Sensor } from '@parapet/contract/api';
import { AnyLink } from '../../components/any-link.tsx';
import type { Column } from '../../components/columns.ts';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { ToneMark } from '../../components/tone-mark.tsx';
import { formatBytes, formatCores, formatCount, formatSpan } from '../../lib/format.ts';
import { presenceNames } from '../../lib/words.ts';
import { presenceTones, troublesOf } from './sensor-words.ts';
import styles from './sensors.module.css';
import { standingNames } from './upgrade-words.ts';

/** Narrower than this, what is not as it should be stands under the presence instead of beside it. */
const widePx = 640;

const Presence = ({ sensor }: { readonly sensor: Sensor }) => (
  <span className={styles.presence}>
    <ToneMark tone={presenceTones[sensor.presence]} />
    <span>
      {presenceNames[sensor.presence]}
      {sensor.presence === 'online' ? null : (
        <span className={text.muted}>
          {' '}
          <Time at={sensor.since} />
        </span>
      )}
    </span>
  </span>
);

/** Their ids are the orders of the route. */
export const sensorColumns: readonly Column<Sensor>[] = [
  {
    id: 'name',
    header: 'Host',
    width: 'minmax(0, 1fr)',
    sortable: true,
    cell: (sensor) => (
      <>
        <AnyLink to={`/sensors/${sensor.hostId}`} className={text.name}>
          {sensor.hostname}
        </AnyLink>
        <div className={text.minor}>{[sensor.zone, sensor.address].filter(Boolean).join(' · ')}</div>
      </>
    ),
  },
  {
    id: 'presence',
    header: 'Presence',
    width: '150px',
    from: widePx,
    sortable: true,
    cell: (sensor) => <Presence sensor={sensor} />,
  },
  {
    id: 'presence',
    header: 'Presence',
    width: 'minmax(0, 0.7fr)',
    until: widePx,
    sortable: true,
    cell: (sensor) => (
      <>
        <Presence sensor={sensor} />
        <div className={text.minor}>{troublesOf(sensor).join(', ')}</div>
      </>
    ),
  },
  {
    id: 'troubles',
    header: 'Trouble',
    width: 'minmax(0, 1.3fr)',
    from: widePx,
    sortable: true,
    firstDirection: 'down',
    cell: (sensor) => {
      const troubles = troublesOf(sensor);
      if (troubles.length === 0) return <span className={text.muted}>none</span>;
      return troubles.join(', ');
    },
  },
  {
    id: 'memory',
    header: 'Memory',
    width: '72px',
    align: 'end',
    from: 760,
    sortable: true,
    firstDirection: 'down',
    cell: (sensor) => (sensor.rssBytes === undefined ? '' : formatBytes(sensor.rssBytes)),
  },
  {
    id: 'cpu',
    header: 'CPU',
    width: '72px',
    align: 'end',
    from: 840,
    sortable: true,
    firstDirection: 'down',
    cell: (sensor) => (sensor.cpuCores === undefined ? '' : formatCores(sensor.cpuCores)),
  },
  {
    id: 'queue',
    header: 'Waiting',
    width: '92px',
    align: 'end',
    from: 940,
    sortable: true,
    firstDirection: 'down',
    cell: (sensor) => (
      <span title={`the oldest for ${formatSpan(sensor.queueAgeMs)}`}>{formatCount(sensor.queued)}</span>
    ),
  },
  {
    id: 'version',
    header: 'Version',
    width: '64px',
    from: 1000,
    sortable: true,
    cell: (sensor) => (
      <span className={sensor.standing === 'current' ? text.muted : text.warn} title={standingNames[sensor.standing]}>
        {sensor.version}
      </span>
    ),
  },
  {
    id: 'seen',
    header: 'Last heard',
    width: '84px',
    align: 'end',
    from: 500,
    sortable: true,
    firstDirection: 'down',
    cell: (sensor) =>
      sensor.lastSeenAt === undefined ? (
        <span className={text.muted}>never</span>
      ) : (
        <Time at={sensor.lastSeenAt} className={text.muted} />
      ),
  },
];
