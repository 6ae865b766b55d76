import { type AssetSummary, type Severity, severities } from '@parapet/contract/api';
import { formatCompact, plural } from '../lib/format.ts';
import { unmatchedNames } from '../lib/words.ts';
import styles from './counts.module.css';
import { SeverityMark, severityNames } from './severity.tsx';
import text from './text.module.css';

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

type FindingCountsProps = {
  readonly asset: Pick<AssetSummary, 'findings' | 'unmatched'>;
  /** In a list, beside a risk that is not known. */
  readonly brief?: boolean;
};

/** The same of an asset, and why they are not all: without a finding, why nothing is known. */
export const FindingCountsOf = ({ asset: { findings, unmatched }, brief = false }: FindingCountsProps) => {
  if (unmatched === undefined) return <SeverityCounts counts={findings} />;
  const why = unmatchedNames[unmatched];
  if (severities.every((severity) => findings[severity] === 0)) {
    const isAwaited = unmatched === 'not-scanned' || unmatched === 'not-yet';
    return <span className={isAwaited ? text.muted : text.warn}>{brief || isAwaited ? why : `not known: ${why}`}</span>;
  }
  return (
    <span className={text.minor} title={`The rest is not known: ${why}`}>
      <SeverityCounts counts={findings} /> in part{brief ? '' : `: ${why}`}
    </span>
  );
};
