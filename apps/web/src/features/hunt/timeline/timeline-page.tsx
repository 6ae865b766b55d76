import { type Forensics, visibleText } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { AnyLink, PanelLink } from '../../../components/any-link.tsx';
import { buttonClass } from '../../../components/button.tsx';
import { ActionMenu } from '../../../components/choice-menu.tsx';
import { Page, Section } from '../../../components/page.tsx';
import { Empty, Failure, Skeleton } from '../../../components/states.tsx';
import text from '../../../components/text.module.css';
import { api, steadyQuery } from '../../../lib/api.ts';
import { formatCount, formatMoment, plural } from '../../../lib/format.ts';
import { useNow } from '../../../lib/now.ts';
import type { TimelineSubject } from '../../../lib/timeline-link.ts';
import { useSetSearch } from '../../../lib/view-state.ts';
import { GapNote } from '../gap-note.tsx';
import type { HuntSearch, Span } from '../hunt-search.ts';
import { TimeRange } from '../time-range.tsx';
import { useSpan } from '../use-span.ts';
import { AncestryLine } from './ancestry-line.tsx';
import { huntLink } from './hunt-link.ts';
import { Lanes } from './lanes.tsx';
import { OpenNow } from './open-now.tsx';
import styles from './timeline.module.css';
import { FileList, MapList, PeerList, StartedList } from './timeline-lists.tsx';
import { Software } from './timeline-software.tsx';

type Search = HuntSearch & {
  readonly hostId?: string;
  readonly process?: string;
  readonly containerId?: string;
  readonly mark?: string;
};

/** What one process or container did in a span of time: drawn, and as lists that lead on into hunts. */
export const TimelinePage = () => {
  const search = useSearch({ strict: false }) as Search;
  const { span } = useSpan(search);
  const subject = subjectOf(search);
  if (subject === undefined)
    return (
      <Page name="Timeline" title="Timeline">
        <Empty title="This address names no process and no container">
          Open a timeline from an event on the Hunt page, a process, or a container’s page.
        </Empty>
      </Page>
    );
  return <Timeline subject={subject} search={search} span={span} />;
};

type TimelineProps = { readonly subject: TimelineSubject; readonly search: Search; readonly span: Span };

const Timeline = ({ subject, search, span }: TimelineProps) => {
  const { data, error, refetch } = useQuery(steadyQuery('forensics.get', { query: { ...subject, ...span } }));
  const title = data === undefined ? 'Timeline' : `Timeline of ${visibleText(data.subject.name)}`;
  return (
    <Page
      name={title}
      title={title}
      subline={data === undefined ? undefined : <SubjectLine forensics={data} />}
      tools={
        <>
          <TimeRange search={search} span={span} />
          {data === undefined ? null : (
            <>
              <AnyLink to={huntLink(data.hunt, span)} className={buttonClass()}>
                {plural(totalOf(data), 'event')} in Hunt
              </AnyLink>
              <ActionMenu
                label="Download evidence"
                items={[
                  { label: 'What is kept', href: evidenceOf(subject, span, false) },
                  { label: 'What is kept, and what is open now', href: evidenceOf(subject, span, true) },
                ]}
              />
            </>
          )}
        </>
      }
    >
      {data === undefined ? (
        error === null ? (
          <Skeleton label="the timeline" lines={12} />
        ) : (
          <Failure what="The timeline could not be made" error={error} retry={() => void refetch()} />
        )
      ) : (
        <Parts forensics={data} subject={subject} span={span} mark={search.mark} />
      )}
    </Page>
  );
};

type PartsProps = {
  readonly forensics: Forensics;
  readonly subject: TimelineSubject;
  readonly span: Span;
  readonly mark: string | undefined;
};

const Parts = ({ forensics, subject: asked, span, mark }: PartsProps) => {
  const setSearch = useSetSearch();
  const { subject, processes, peers, files, edges, software, limits } = forensics;
  return (
    <>
      <AncestryLine forensics={forensics} span={span} />
      {subject.process?.commandLine === undefined ? null : (
        <p className={styles.command}>{visibleText(subject.process.commandLine)}</p>
      )}
      <Lanes
        forensics={forensics}
        span={span}
        mark={mark}
        onZoom={({ since, until }) => setSearch({ since, until, last: undefined })}
      />
      <GapNote gaps={forensics.gaps} span={span} />
      {limits.length === 0 ? null : (
        <Section title="What is not whole here">
          <ul className={styles.limits}>
            {limits.map((limit) => (
              <li key={`${limit.part}${limit.text}`}>
                {limit.part}: {limit.text}
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section
        title={`${subject.kind === 'process' ? 'What it started' : 'Its processes'} · ${formatCount(processes.length)}`}
      >
        <StartedList forensics={forensics} span={span} />
      </Section>
      <Section title={`Whom it talked to · ${formatCount(peers.length)}`}>
        <PeerList forensics={forensics} span={span} />
      </Section>
      <Section title={`Files it touched · ${formatCount(files.length)}`}>
        <FileList forensics={forensics} span={span} />
      </Section>
      <Section title={`On the map · ${formatCount(edges.length)}`}>
        <MapList forensics={forensics} />
      </Section>
      <Section title="Open now">
        <OpenNow subject={asked} />
      </Section>
      {software === undefined ? null : (
        <Section title="What it runs from">
          <Software software={software} />
        </Section>
      )}
    </>
  );
};

const SubjectLine = ({ forensics: { subject } }: { readonly forensics: Forensics }) => {
  const now = useNow();
  const { process, hostId, hostName, containerId, containerName } = subject;
  return (
    <>
      {process === undefined ? 'Container' : `Process ${process.pid}`} on{' '}
      <PanelLink target={{ kind: 'asset', id: hostId }} className={text.link}>
        {visibleText(hostName) || 'a host'}
      </PanelLink>
      {containerId === undefined || process === undefined ? null : (
        <>
          {' '}
          in{' '}
          <PanelLink target={{ kind: 'asset', id: containerId }} className={text.link}>
            {visibleText(containerName ?? 'a container')}
          </PanelLink>
        </>
      )}
      {process?.user === undefined ? '' : `, as ${visibleText(process.user)}`}
      {process?.startedAt === undefined ? '' : `, started ${formatMoment(process.startedAt, now)}`}
      {process?.endedAt === undefined ? '' : `, ended ${formatMoment(process.endedAt, now)}`}
      {process?.exitCode === undefined ? '' : `, exit code ${process.exitCode}`}
    </>
  );
};

const evidenceOf = (subject: TimelineSubject, span: Span, look: boolean): string =>
  api.url('forensics.evidence', { query: { ...subject, ...span, look } });

const totalOf = ({ actions }: Forensics): number => actions.reduce((sum, { count }) => sum + count, 0);

const subjectOf = ({ hostId, process, containerId }: Search): TimelineSubject | undefined => {
  if (containerId !== undefined) return { containerId };
  return hostId === undefined || process === undefined ? undefined : { hostId, process };
};
