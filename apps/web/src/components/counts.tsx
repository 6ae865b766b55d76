import { type Severity, severities } from '@parapet/contract/api';
import { formatCompact, plural } from '../lib/format.ts';
import styles from './counts.module.css';
import { SeverityMark, severityNames } from './severity.tsx';

/** Open findings by severity, without those that are zero. */
export const SeverityCounts = ({ counts }: { readonly counts: Readonly<Record<Severity, number>> }) => {
  const shown = severities.filter((severity) => counts[severity] > 0);
  if (shown.length === 0) return <span className={styles.none}>none</span>;
  return (
    <span className={styles.counts}>
      {shown.map((severity) => (
        <span
          key={severity}
          className={styles.count}
          title={`${plural(counts[severity], 'finding')} of ${severityNames[severity].toLowerCase()} risk`}
        >
          <SeverityMark severity={severity} size={11} />
          {formatCompact(counts[severity])}
        </span>
      ))}
    </span>
  );
};
