import { SeverityMark } from '../../components/severity.tsx';
import styles from './map.module.css';
import type { ColourMode } from './stage/paint.ts';

/** What the marks mean. */
export const Legend = ({ mode, past }: { readonly mode: ColourMode; readonly past: boolean }) => (
  <details className={styles.legend}>
    <summary>Legend</summary>
    <ul>
      {mode === 'risk' ? (
        <>
          {(['critical', 'high', 'medium'] as const).map((severity) => (
            <li key={severity}>
              <SeverityMark severity={severity} size={12} /> {risks[severity]}
            </li>
          ))}
          <li>
            <b className={styles.legendUnknown}>?</b> risk not known
          </li>
          {past ? <li className={styles.legendNote}>Risk is as known today.</li> : null}
        </>
      ) : (
        <li>
          <i className={styles.legendNew} /> the brighter, the newer; plain after a day
        </li>
      )}
      <li>
        <i className={styles.legendHost} /> host, group of hosts
      </li>
      <li>
        <i className={styles.legendContainer} /> container; stacked for replicas
      </li>
      <li>
        <i className={styles.legendPort} /> listening port, full when the Internet reaches it
      </li>
      <li>
        <i className={styles.legendDashed} /> silent host and what is on it, or gone a moment ago
      </li>
      <li>
        <i className={styles.legendEdge} /> wider with more connections; dashed when quiet
      </li>
    </ul>
  </details>
);

const risks = { critical: 'risk 80 and more', high: 'risk 50 to 79', medium: 'risk 20 to 49' } as const;
