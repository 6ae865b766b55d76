import type { FindingDetail } from '@parapet/contract/api';
import { PanelLink } from '../../components/any-link.tsx';
import { barsOf, RiskScore } from '../../components/risk.tsx';
import { Since } from '../../components/time.tsx';
import { findingStatusNames } from '../../lib/words.ts';
import styles from './finding.module.css';

/** The few facts under the headline. */
export const FindingLine = ({ finding }: { readonly finding: FindingDetail }) => (
  <span className={styles.line}>
    <RiskScore risk={finding.risk} bars={barsOf(finding.why)} large />
    {finding.kev ? <span className={styles.exploited}>exploited now</span> : null}
    {finding.status === 'open' ? null : <span className={styles.status}>{findingStatusNames[finding.status]}</span>}
    <span>
      {finding.package.name} {finding.package.version}
    </span>
    <PanelLink target={{ kind: 'asset', id: finding.asset.id }} className={styles.link}>
      {finding.asset.name}
    </PanelLink>
    <Since at={finding.firstSeenAt} />
  </span>
);
