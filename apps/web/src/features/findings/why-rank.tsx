import { type Risk, type RiskFactor, severityOfRisk } from '@parapet/contract/api';
import { AnyLink, PanelLink } from '../../components/any-link.tsx';
import { factorNames, factorOrder, formatRisk } from '../../components/risk.tsx';
import { severityClass } from '../../components/severity.tsx';
import { formatShare } from '../../lib/format.ts';
import { keyed } from '../../lib/keyed.ts';
import styles from './finding.module.css';

/** The four factors of the risk, each with a sentence and its evidence. */
export const WhyRank = ({ why }: { readonly why: Risk }) => (
  <>
    <ul className={`${styles.factors} ${severityClass(severityOfRisk(why.value))}`}>
      {factorOrder.map((name) => (
        <Factor key={name} name={factorNames[name]} factor={why[name]} />
      ))}
    </ul>
    <p className={styles.product}>
      {factorOrder.map((name) => formatShare(why[name].value)).join(' × ')}, scaled: <b>{formatRisk(why.value)}</b> of
      100
    </p>
  </>
);

const Factor = ({ name, factor }: { readonly name: string; readonly factor: RiskFactor }) => (
  <li className={styles.factor}>
    <div className={styles.factorHead}>
      <span className={styles.factorName}>{name}</span>
      <span className={styles.track}>
        <span
          className={styles.fill}
          data-known={factor.known}
          style={{ width: `${Math.max(1, factor.value * 100)}%` }}
        />
      </span>
      <span className={styles.share}>{formatShare(factor.value)}</span>
    </div>
    <p className={styles.reason}>
      {factor.reason}
      {factor.known ? null : <span className={styles.unknown}> We cannot see this here; a middle value is used.</span>}
    </p>
    <EvidenceList evidence={factor.evidence.slice(0, evidenceShown)} />
    {factor.evidence.length <= evidenceShown ? null : (
      <details className={styles.details}>
        <summary>{factor.evidence.length - evidenceShown} more</summary>
        <EvidenceList evidence={factor.evidence.slice(evidenceShown)} />
      </details>
    )}
  </li>
);

/** The same is often seen in many processes; a few are enough to believe it. */
const evidenceShown = 4;

const EvidenceList = ({ evidence }: { readonly evidence: RiskFactor['evidence'] }) => (
  <ul className={styles.evidence}>
    {keyed(evidence, (item) => item.kind + item.text).map(([key, item]) => (
      <li key={key}>
        <span className={styles.evidenceKind}>{evidenceKinds[item.kind]}</span>
        <EvidenceText text={item.text} target={item.ref} />
      </li>
    ))}
  </ul>
);

const evidenceKinds = {
  kev: 'Exploited',
  epss: 'EPSS',
  cvss: 'CVSS',
  exploit: 'Exploit',
  listener: 'Port',
  edge: 'Connection',
  path: 'Way',
  process: 'Process',
  file: 'File',
  privilege: 'Privilege',
  mount: 'Mount',
  blind: 'Not seen',
  feed: 'Feed',
} as const satisfies Readonly<Record<RiskFactor['evidence'][number]['kind'], string>>;

type EvidenceTextProps = { readonly text: string; readonly target: string | undefined };

/** Evidence leads to where it was seen: a page of the web, an asset, a node of the map. */
const EvidenceText = ({ text, target }: EvidenceTextProps) => {
  if (target === undefined) return <span>{text}</span>;
  if (/^https?:\/\//.test(target) || target.startsWith('/')) return <AnyLink to={target}>{text}</AnyLink>;
  const asset = assetOf(target);
  if (asset !== undefined) return <PanelLink target={{ kind: 'asset', id: asset }}>{text}</PanelLink>;
  if (target.includes(':')) return <AnyLink to={`/map?focus=${encodeURIComponent(target)}`}>{text}</AnyLink>;
  return <span title={target}>{text}</span>;
};

/** An asset's id, by itself or as a node of the map. */
const assetOf = (target: string): string | undefined =>
  /^(?:host:|container:|image:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(target)?.[1];
