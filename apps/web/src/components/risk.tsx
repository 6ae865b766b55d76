import { type Risk, severityOfRisk } from '@parapet/contract/api';
import { formatShare } from '../lib/format.ts';
import { Hint } from './hint.tsx';
import styles from './severity.module.css';

export type Bars = Readonly<Record<'likelihood' | 'exposure' | 'use' | 'impact', number>>;

export const factorNames = {
  likelihood: 'Likelihood',
  exposure: 'Exposure',
  use: 'Use',
  impact: 'Impact',
} as const;
export const factorOrder = ['likelihood', 'exposure', 'use', 'impact'] as const;

type RiskScoreProps = { readonly risk: number; readonly bars?: Bars | undefined; readonly large?: boolean };

/** Risk as a number with its four factors as small bars, explained on hover and focus. */
export const RiskScore = ({ risk, bars, large = false }: RiskScoreProps) => {
  const severity = severityOfRisk(risk);
  const value = <span className={styles.value}>{formatRisk(risk)}</span>;
  const className = `${styles.score} ${styles[severity]} ${large ? styles.large : ''}`;
  if (bars === undefined) return <span className={className}>{value}</span>;
  return (
    <Hint text={<Factors bars={bars} />}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the explanation must be reachable by keyboard */}
      <span className={className} tabIndex={0} role="img" aria-label={describe(risk, bars)}>
        {value}
        <RiskBars bars={bars} height={large ? 22 : 18} />
      </span>
    </Hint>
  );
};

/** Risk between 0 and 100 as people read it: whole numbers, and never 0 for what has some. */
export const formatRisk = (risk: number): string => (risk > 0 && risk < 1 ? '<1' : String(Math.round(risk)));

export const barsOf = (risk: Risk): Bars => ({
  likelihood: risk.likelihood.value,
  exposure: risk.exposure.value,
  use: risk.use.value,
  impact: risk.impact.value,
});

const RiskBars = ({ bars, height }: { readonly bars: Bars; readonly height: number }) => (
  <svg className={styles.bars} width="35" height={height} viewBox={`0 0 35 ${height}`} aria-hidden>
    {factorOrder.map((name, index) => {
      const filled = Math.max(1.5, bars[name] * height);
      return (
        <g key={name}>
          <rect x={index * 9.3} width="6.5" height={height} rx="1.5" fill="var(--raise-2)" />
          <rect x={index * 9.3} y={height - filled} width="6.5" height={filled} rx="1.5" fill="currentColor" />
        </g>
      );
    })}
  </svg>
);

const Factors = ({ bars }: { readonly bars: Bars }) => (
  <dl className={styles.explain}>
    {factorOrder.map((name) => (
      <Factor key={name} name={factorNames[name]} value={bars[name]} />
    ))}
    <div className={styles.note}>Risk is the product of the four.</div>
  </dl>
);

const Factor = ({ name, value }: { readonly name: string; readonly value: number }) => (
  <>
    <dt>{name}</dt>
    <dd className={styles.track}>
      <div className={styles.fill} style={{ width: `${value * 100}%` }} />
    </dd>
    <dd>{formatShare(value)}</dd>
  </>
);

const describe = (risk: number, bars: Bars): string =>
  `Risk ${formatRisk(risk)} of 100: ${factorOrder.map((name) => `${name} ${formatShare(bars[name])}`).join(', ')}`;
