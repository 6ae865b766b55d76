import type { Overview } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { NoHosts } from '../../components/no-hosts.tsx';
import { Page, Section } from '../../components/page.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { plural } from '../../lib/format.ts';
import { isFirstLook, overviewQuery } from '../../lib/overview-query.ts';
import { FirstSteps } from './first-steps.tsx';
import styles from './overview.module.css';
import { PriorityList } from './priority-list.tsx';
import { RiskChart } from './risk-chart.tsx';
import { BlindSpots, NewSince } from './side-lists.tsx';

/** What to do first, what is new, where we are blind. */
export const OverviewPage = () => {
  const { data, error, refetch } = useQuery(overviewQuery());
  if (error !== null && data === undefined) {
    return (
      <Page name="Overview" title="Overview">
        <Failure what="The overview could not be fetched" error={error} retry={() => void refetch()} />
      </Page>
    );
  }
  if (data === undefined) {
    return (
      <Page name="Overview" title={<span className="visually-hidden">Overview</span>}>
        <Skeleton label="the overview" lines={10} />
      </Page>
    );
  }
  return (
    <Page name="Overview" title={data.headline} subline={data.subline}>
      <FirstSteps steps={data.steps} />
      <div className={styles.columns}>
        <div>
          <Priorities overview={data} />
        </div>
        <aside className={styles.side} aria-label="At a glance">
          <RiskOverTime overview={data} />
          <Section title={isFirstLook() ? 'New in the last 24 hours' : 'New since you looked'}>
            <NewSince news={data.newSince} />
          </Section>
          <Section title="Where we are blind">
            <BlindSpots blind={data.blind} hosts={data.counts.hosts} />
          </Section>
        </aside>
      </div>
    </Page>
  );
};

const Priorities = ({ overview }: { readonly overview: Overview }) => {
  if (overview.priorities.length > 0) return <PriorityList priorities={overview.priorities} />;
  const { hosts, containers, images, notKnown } = overview.counts;
  if (hosts === 0) {
    return (
      <NoHosts>
        The five most exploitable problems appear here, each with its reason and its fix, as soon as a host is scanned.
      </NoHosts>
    );
  }
  if (!hasFeeds(overview)) {
    return (
      <Empty title="Nothing can be ranked without feeds">
        {plural(hosts, 'host')}, {plural(containers, 'container')} and {plural(images, 'image')} are watched, and their
        packages are being listed. With advisories, what an attacker could use here appears in this list.
      </Empty>
    );
  }
  return (
    <Empty title={notKnown === 0 ? 'Nothing waits for you' : 'Nothing that is known waits for you'}>
      {plural(hosts, 'host')}, {plural(containers, 'container')} and {plural(images, 'image')} are watched. What an
      attacker could use here appears in this list, most exploitable first.
    </Empty>
  );
};

const RiskOverTime = ({ overview }: { readonly overview: Overview }) => (
  <Section title="Risk over time">
    {overview.riskOverTime.length >= 2 && (hasFeeds(overview) || overview.counts.openFindings > 0) ? (
      <RiskChart points={overview.riskOverTime} />
    ) : (
      <p className={styles.muted}>
        {hasFeeds(overview) ? 'The line begins an hour after the first scan.' : 'Not known without feeds.'}
      </p>
    )}
  </Section>
);

const hasFeeds = ({ steps }: Overview): boolean => steps.every(({ id, done }) => id !== 'get-feeds' || done);
