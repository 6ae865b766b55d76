import type { Scan } from '@parapet/contract/api';
import { scanStateNames } from '../lib/words.ts';
import styles from './asset-mark.module.css';
import { Progress } from './progress.tsx';
import { type Tone, ToneMark } from './tone-mark.tsx';

const tones: Readonly<Record<Scan['state'], Tone>> = {
  waiting: 'none',
  sent: 'none',
  running: 'ok',
  done: 'ok',
  partial: 'warn',
  failed: 'bad',
  cancelled: 'none',
  expired: 'warn',
};

/** The state of a scan; a running one with its progress. */
export const ScanStateText = ({ scan }: { readonly scan: Pick<Scan, 'state' | 'progress'> }) =>
  scan.state === 'running' ? (
    <Progress label="Scan" share={scan.progress} />
  ) : (
    <span className={styles.status}>
      <ToneMark tone={tones[scan.state]} />
      {scanStateNames[scan.state]}
    </span>
  );
