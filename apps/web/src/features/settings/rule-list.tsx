import type { TelemetryRule } from '@parapet/contract/api';
import type { ReactNode } from 'react';
import text from '../../components/text.module.css';
import { keyed } from '../../lib/keyed.ts';
import { ruleWords } from '../../lib/policy-words.ts';
import styles from './settings.module.css';

type RuleListProps = {
  readonly rules: readonly TelemetryRule[];
  /** What may be done with one, by its place. */
  readonly actions?: (rule: TelemetryRule, at: number) => ReactNode;
};

/** Rules with their words, in the order in which they are asked. */
export const RuleList = ({ rules, actions }: RuleListProps) =>
  rules.length === 0 ? (
    <p className={text.muted}>There are no rules: every event that a sensor sees is recorded.</p>
  ) : (
    <ol className={styles.rules}>
      {keyed(rules, ({ name }) => name).map(([key, rule], at) => (
        <li key={key}>
          <div>
            <span className={text.name}>{rule.name}</span>
            {rule.on ? null : <span className={text.muted}> (off)</span>}
            <div className={text.minor}>{ruleWords(rule)}</div>
          </div>
          {actions === undefined ? null : <span className={text.actions}>{actions(rule, at)}</span>}
        </li>
      ))}
    </ol>
  );
