import type { HostPolicy } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { AnyLink } from '../../components/any-link.tsx';
import { InlineError, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { ToneMark } from '../../components/tone-mark.tsx';
import { apiQuery } from '../../lib/api.ts';
import { keyed } from '../../lib/keyed.ts';
import { actionWords, ruleWords, standingWords } from '../../lib/policy-words.ts';
import styles from './sensors.module.css';

/** What a host is to record, whether it does, and of what it records nothing. */
export const HostPolicyView = ({ hostId }: { readonly hostId: string }) => {
  const { data, error } = useQuery({
    ...apiQuery('telemetryPolicy.ofHost', { params: { hostId } }),
    refetchInterval: 30_000,
  });
  if (error !== null && data === undefined) return <InlineError error={error} />;
  if (data === undefined) return <Skeleton label="what it records" lines={2} />;
  return (
    <>
      <p className={styles.presence}>
        <ToneMark tone={tones[data.standing]} />
        <span>{sentenceOf(data)}</span>
      </p>
      {data.rules.length === 0 ? null : (
        <ol className={styles.policyRules}>
          {keyed(data.rules, ({ name }) => name).map(([key, rule]) => (
            <li key={key}>
              <span className={text.strong}>{rule.name}</span>
              <div className={text.minor}>{ruleWords(rule)}</div>
            </li>
          ))}
        </ol>
      )}
      {data.off.length === 0 ? null : <p>Nothing is recorded here of {actionWords(data.off)}.</p>}
      {data.unknown.length === 0 ? null : (
        <p>
          Its sensor is of an earlier version and does not know {actionWords(data.unknown)}: none of it is recorded here
          until it is upgraded.
        </p>
      )}
      <p>
        <AnyLink to="/settings/telemetry" className={text.link}>
          What is recorded everywhere
        </AnyLink>
      </p>
    </>
  );
};

const tones = { followed: 'ok', 'on-its-way': 'none', waiting: 'warn', unable: 'warn' } as const;

const sentenceOf = ({ rules, standing, problem }: HostPolicy): string => {
  const lead = rules.length === 0 ? 'Everything that it sees is recorded. ' : '';
  return `${lead}${problem ?? standingWords[standing]}`;
};
