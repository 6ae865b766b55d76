import { collectorAbout, collectorName, isNoneHere, type Sensor, sightWord } from '@parapet/contract/api';
import text from '../../components/text.module.css';
import { type Tone, ToneMark } from '../../components/tone-mark.tsx';
import styles from './sensors.module.css';

type Collector = Sensor['collectors'][number];

const tones: Readonly<Record<Collector['state'], Tone>> = {
  running: 'ok',
  degraded: 'warn',
  refused: 'none',
  failed: 'bad',
};

type CollectorsProps = {
  readonly collectors: readonly Collector[];
  /** Whether the sensor speaks now; else this is what it last said. */
  readonly online: boolean;
};

/** Each collector with where it takes its data from, and why it sees less than it could. */
export const Collectors = ({ collectors, online }: CollectorsProps) =>
  collectors.length === 0 ? (
    <p className={text.muted}>It has not said yet what it sees.</p>
  ) : (
    <ul>
      {collectors.map((collector) => (
        <li key={collector.name} className={styles.collector}>
          <ToneMark tone={isNoneHere(collector) || !online ? 'none' : tones[collector.state]} />
          <span className={text.strong}>{collectorName(collector.name)}</span>
          <span className={text.muted}>{sightWord(collector)}</span>
          <span>
            {collectorAbout(collector.name)}
            {collector.reason === undefined ? null : <div>{collector.reason}</div>}
            {collector.source === '' || isNoneHere(collector) ? null : (
              <div className={text.minor}>From {collector.source}</div>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
