import type { Priority } from '@parapet/contract/api';
import { AnyLink } from '../../components/any-link.tsx';
import { buttonClass } from '../../components/button.tsx';
import { RiskScore } from '../../components/risk.tsx';
import { SeverityMark } from '../../components/severity.tsx';
import styles from './overview.module.css';

/** The few things to do first: a sentence, its reason, its risk, its fix. */
export const PriorityList = ({ priorities }: { readonly priorities: readonly Priority[] }) => (
  <ol>
    {priorities.map((priority) => (
      <li key={priority.id} className={styles.priority}>
        <SeverityMark severity={priority.severity} size={18} />
        <div>
          <h2 className={styles.headline}>{priority.headline}</h2>
          <p className={styles.reason}>{priority.reason}</p>
        </div>
        <RiskScore risk={priority.risk} bars={priority.bars} large />
        <div className={styles.act}>
          <AnyLink to={priority.action.to} className={buttonClass()}>
            {priority.action.label}
          </AnyLink>
        </div>
      </li>
    ))}
  </ol>
);
