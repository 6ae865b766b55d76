import type { FeedStatus } from '@parapet/contract/api';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from '../../components/button.tsx';
import { Page, Section } from '../../components/page.tsx';
import { Progress } from '../../components/progress.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Since, Time } from '../../components/time.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { apiQuery, useApiMutation } from '../../lib/api.ts';
import { formatBytes, formatCount, formatSpan } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { useProgramCall } from '../../lib/program-call.ts';
import { useMay } from '../../lib/session.ts';
import { FeedImport } from './feed-import.tsx';
import { FeedSchedule } from './feed-schedule.tsx';
import styles from './settings.module.css';

/** Which advisories are active, how old they are, from where, and how to get newer ones. */
export const FeedsPage = () => {
  const now = useNow();
  const mayWrite = useMay('feeds:write');
  const { data, error, refetch } = useQuery({
    ...apiQuery('feeds.status'),
    refetchInterval: ({ state }) => (isBusy(state.data) ? 1500 : false),
  });
  if (data === undefined) {
    return (
      <Page name="Feeds" title="Feeds">
        {error === null ? (
          <Skeleton label="the feeds" />
        ) : (
          <Failure what="The feeds could not be fetched" error={error} retry={() => void refetch()} />
        )}
      </Page>
    );
  }
  return (
    <Page
      name="Feeds"
      title={headline(data, now)}
      subline="Advisories, what is exploited now, and how likely exploits are. A new feed re-matches what is stored; nothing is scanned again."
      tools={mayWrite ? <UpdateNow busy={data.update?.state === 'running'} /> : null}
    >
      <UpdateState status={data} />
      <Section title="Active version">
        <Active status={data} />
      </Section>
      <Section title="Sources">
        <Sources status={data} />
      </Section>
      {mayWrite ? (
        <div className={styles.pair}>
          <Section title="Import a file">
            <FeedImport />
          </Section>
          <Section title="Schedule">
            <FeedSchedule schedule={data.schedule} />
          </Section>
        </div>
      ) : null}
      {data.earlier.length === 0 ? null : (
        <Section title="Earlier versions">
          <Earlier status={data} mayWrite={mayWrite} />
        </Section>
      )}
    </Page>
  );
};

const isBusy = (status: FeedStatus | undefined): boolean =>
  status?.update?.state === 'running' || (status?.rematch !== undefined && status.rematch.done < status.rematch.total);

const headline = ({ active, sources }: FeedStatus, now: number): string => {
  if (active === undefined) return 'There are no feeds yet';
  const oldest = sources
    .map((source) => source.dataAt)
    .filter((at) => at !== undefined)
    .toSorted()[0];
  const age = oldest === undefined ? '' : `, the oldest data ${formatSpan(Math.max(0, now - Date.parse(oldest)))} old`;
  return `${formatCount(active.advisories)} advisories${age}`;
};

const UpdateNow = ({ busy }: { readonly busy: boolean }) => {
  const client = useQueryClient();
  const notify = useNotify();
  const update = useApiMutation('feeds.update', (status) =>
    client.setQueryData(apiQuery('feeds.status').queryKey, status),
  );
  return (
    <Button
      look="primary"
      disabled={busy || update.isPending}
      onClick={() => update.mutate({}, { onError: (error) => notify.failed('No update was begun', error) })}
    >
      {busy ? 'Updating…' : 'Update now'}
    </Button>
  );
};

const UpdateState = ({ status }: { readonly status: FeedStatus }) => {
  const { update, rematch } = status;
  return (
    <div aria-live="polite">
      {update?.state === 'running' ? (
        <div className={styles.busy}>
          <span>
            {update.step}, <Since at={update.startedAt} />
          </span>
          <Progress label="Update" share={update.progress} />
        </div>
      ) : null}
      {update?.state === 'failed' ? (
        <p className={styles.problem}>
          The last update failed <Time at={update.endedAt ?? update.startedAt} /> at “{update.step}”: {update.error}.
          What was active stays active.
        </p>
      ) : null}
      {rematch !== undefined && rematch.done < rematch.total ? (
        <div className={styles.busy}>
          <span>
            Matching stored packages with the new feed: {formatCount(rematch.done)} of {formatCount(rematch.total)}{' '}
            lists
          </span>
          <Progress label="Matching" share={rematch.total === 0 ? undefined : rematch.done / rematch.total} />
        </div>
      ) : null}
    </div>
  );
};

const Active = ({ status: { active } }: { readonly status: FeedStatus }) =>
  active === undefined ? (
    <NoAdvisories />
  ) : (
    <p>
      <code>{active.version}</code>{' '}
      <span className={text.muted}>
        {active.origin === 'bundle' ? 'from a bundle' : 'from the publishers'}, {formatBytes(active.sizeBytes)}, active
        <Since at={active.activatedAt} />
      </span>
    </p>
  );

const NoAdvisories = () => (
  <p className={text.muted}>
    None. Packages are listed already, but nothing says which of them are vulnerable. Update from the publishers, or
    import a bundle where the console has no way to the Internet: <code>{useProgramCall()} feeds import FILE</code>.
  </p>
);

type Source = FeedStatus['sources'][number];

const Sources = ({ status }: { readonly status: FeedStatus }) =>
  status.sources.length === 0 ? (
    <p className={text.muted}>They are listed here after the first update or import.</p>
  ) : (
    <SimpleTable label="Sources" columns={sourceColumns} rows={status.sources} rowKey={({ id }) => id} />
  );

const sourceColumns = [
  {
    id: 'name',
    header: 'Source',
    cell: (source: Source) => (
      <>
        <span className={text.strong}>{source.name}</span>
        {source.lastError === undefined ? null : <div className={text.warn}>{source.lastError}</div>}
      </>
    ),
  },
  {
    id: 'records',
    header: 'Records',
    align: 'end' as const,
    cell: (source: Source) => formatCount(source.records),
  },
  {
    id: 'data',
    header: 'Data of',
    align: 'end' as const,
    cell: (source: Source) => (source.dataAt === undefined ? 'unknown' : <Time at={source.dataAt} />),
  },
  {
    id: 'fetched',
    header: 'Fetched',
    align: 'end' as const,
    wideOnly: true,
    cell: (source: Source) =>
      source.fetchedAt === undefined ? '' : <Time at={source.fetchedAt} className={text.muted} />,
  },
  {
    id: 'licence',
    header: 'Licence',
    wideOnly: true,
    cell: (source: Source) => <span className={text.muted}>{source.licence ?? ''}</span>,
  },
];

type EarlierProps = { readonly status: FeedStatus; readonly mayWrite: boolean };

const Earlier = ({ status, mayWrite }: EarlierProps) => {
  const client = useQueryClient();
  const notify = useNotify();
  const before = status.active?.version;
  const rollback = useApiMutation('feeds.rollback', (next) => {
    client.setQueryData(apiQuery('feeds.status').queryKey, next);
    if (before !== undefined)
      notify.undoable('The earlier feed is active', () => rollback.mutate({ body: { version: before } }));
  });
  return (
    <SimpleTable
      label="Earlier versions"
      rows={status.earlier}
      rowKey={({ version }) => version}
      columns={[
        { id: 'version', header: 'Version', cell: ({ version }) => <code>{version}</code> },
        { id: 'advisories', header: 'Advisories', align: 'end', cell: ({ advisories }) => formatCount(advisories) },
        { id: 'at', header: 'Was activated', align: 'end', cell: ({ activatedAt }) => <Time at={activatedAt} /> },
        {
          id: 'act',
          header: 'Roll back',
          hiddenHeader: true,
          align: 'end',
          cell: ({ version }) =>
            mayWrite ? (
              <Button
                small
                disabled={rollback.isPending}
                onClick={() =>
                  rollback.mutate(
                    { body: { version } },
                    { onError: (error) => notify.failed('Nothing was changed', error) },
                  )
                }
              >
                Make active again
              </Button>
            ) : null,
        },
      ]}
    />
  );
};
