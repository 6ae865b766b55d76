import type { TelemetryPolicyStatus } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { AnyLink } from '../../components/any-link.tsx';
import { Page, Section } from '../../components/page.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { ToneMark } from '../../components/tone-mark.tsx';
import { apiQuery } from '../../lib/api.ts';
import { formatCount, plural } from '../../lib/format.ts';
import { actionWords } from '../../lib/policy-words.ts';
import { useMay } from '../../lib/session.ts';
import { PolicyChanges } from './policy-changes.tsx';
import { PolicyEditor } from './policy-editor.tsx';
import { RuleList } from './rule-list.tsx';
import styles from './settings.module.css';

/** Which events sensors record, and whether they do. */
export const TelemetryPage = () => {
  const mayChange = useMay('system:write');
  const { data, error, refetch } = useQuery({ ...apiQuery('telemetryPolicy.get'), refetchInterval: 30_000 });
  if (data === undefined) {
    return (
      <Page name="Telemetry" title="Telemetry">
        {error === null ? (
          <Skeleton label="the policy" lines={6} />
        ) : (
          <Failure what="The policy could not be fetched" error={error} retry={() => void refetch()} />
        )}
      </Page>
    );
  }
  return (
    <Page
      name="Telemetry"
      title={headline(data)}
      subline="The first rule that an event fits decides over it. What no rule fits is recorded. Contents of files and connections are never recorded; secrets in arguments are masked on the host."
    >
      <Section title="Rules, in their order">
        {mayChange ? (
          <PolicyEditor status={data} />
        ) : (
          <>
            <RuleList rules={data.rules} />
            <p className={text.muted}>Only admins may change them.</p>
          </>
        )}
      </Section>
      <Section title="Who follows them">
        <Followers hosts={data.hosts} unknown={data.unknown} />
      </Section>
      <Section title="Changes">
        {data.changedAt === undefined ? (
          <p className={text.muted}>Nobody has changed what is recorded.</p>
        ) : (
          <>
            <p className={text.muted}>
              Version {data.version}, by {data.changedBy} <Time at={data.changedAt} />.
            </p>
            <PolicyChanges />
          </>
        )}
      </Section>
    </Page>
  );
};

const headline = ({ rules }: TelemetryPolicyStatus): string => {
  const active = rules.filter(({ on }) => on).length;
  if (active === 0) return 'Everything that sensors see is recorded';
  return `${plural(active, 'rule')} ${active === 1 ? 'decides' : 'decide'} what is recorded`;
};

const Followers = ({ hosts, unknown }: Pick<TelemetryPolicyStatus, 'hosts' | 'unknown'>) => {
  const all = Object.values(hosts).reduce((sum, count) => sum + count, 0);
  const rest = [
    [
      hosts['on-its-way'],
      'was sent it and has not said yet that it follows',
      'were sent it and have not said yet that they follow',
    ],
    [hosts.waiting, 'is not connected and follows when it is back', 'are not connected and follow when they are back'],
    [hosts.unable, 'cannot follow it and records everything', 'cannot follow it and record everything'],
  ] as const;
  const shown = rest.filter(([count]) => count > 0);
  if (all === 0)
    return (
      <p className={text.muted}>
        There are no hosts yet.{' '}
        <AnyLink to="/sensors/add" className={text.link}>
          Add one
        </AnyLink>{' '}
        and it follows from the start.
      </p>
    );
  return (
    <>
      <div className={styles.store}>
        <ToneMark tone={hosts.unable > 0 ? 'warn' : 'ok'} label={hosts.unable > 0 ? 'some cannot' : 'ok'} />
        <span className={text.strong}>
          {hosts.followed} of {plural(all, 'host')}
        </span>
        <span className={text.muted}>
          {hosts.followed === all
            ? 'All of them.'
            : shown.map(([count, one, more]) => `${count} ${count === 1 ? one : more}.`).join(' ')}
        </span>
      </div>
      {unknown.map(({ action, hosts: count }) => (
        <p key={action} className={text.muted}>
          {count === 1 ? '1 host has a sensor' : `${formatCount(count)} hosts have sensors`} of an earlier version,
          which
          {count === 1 ? ' does' : ' do'} not know {actionWords([action])} and record{count === 1 ? 's' : ''} none:
          upgrade {count === 1 ? 'it' : 'them'}.
        </p>
      ))}
      <p className={text.muted}>
        What one host records is on the page of its{' '}
        <AnyLink to="/sensors" className={text.link}>
          sensor
        </AnyLink>
        .
      </p>
    </>
  );
};
