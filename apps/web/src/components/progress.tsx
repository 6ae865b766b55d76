import { formatShare } from '../lib/format.ts';
import styles from './progress.module.css';

type ProgressProps = {
  readonly label: string;
  /** 0 to 1; absent while it cannot be told. */
  readonly share: number | undefined;
};

export const Progress = ({ label, share }: ProgressProps) => (
  <span className={styles.progress}>
    <progress className={styles.bar} aria-label={label} {...(share === undefined ? {} : { value: share, max: 1 })} />
    <span className={styles.share}>{share === undefined ? 'runs' : formatShare(share)}</span>
  </span>
);
