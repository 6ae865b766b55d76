import type { Severity } from '@parapet/contract/api';
import styles from './severity.module.css';

export const severityNames: Readonly<Record<Severity, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
};

/** Each severity has its own shape, so that colour is never the only sign. */
export const SeverityMark = ({ severity, size = 16 }: { readonly severity: Severity; readonly size?: number }) => (
  <span className={`${styles.mark} ${styles[severity]}`} title={severityNames[severity]}>
    <svg width={size} height={size} viewBox="0 0 20 20" role="img" aria-label={severityNames[severity]}>
      {shapes[severity]}
    </svg>
  </span>
);

/** Text in the colour of a severity. */
export const severityClass = (severity: Severity): string => styles[severity] ?? '';

const shapes: Readonly<Record<Severity, React.ReactNode>> = {
  critical: <path d="M10 1.5 18.5 10 10 18.5 1.5 10z" fill="currentColor" />,
  high: <path d="M10 2.5 18.5 17h-17z" fill="currentColor" />,
  medium: <circle cx="10" cy="10" r="6.5" fill="currentColor" />,
  low: <circle cx="10" cy="10" r="5.5" fill="none" stroke="currentColor" strokeWidth="2.5" />,
};
