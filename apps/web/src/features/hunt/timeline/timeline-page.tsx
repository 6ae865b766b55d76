import { type ForensicProcess, type Forensics, visibleText } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { AnyLink, PanelLink } from '../../../components/any-link.tsx';
import { buttonClass } from '../../../components/button.tsx';
import { ActionMenu } from '../../../components/choice-menu.tsx';
import { Page, Section } from '../../../components/page.tsx';
import { Empty, Failure, Skeleton } from '../../../components/states.tsx';
import text from '../../../components/text.module.css';
import { api, steadyQuery } from '../../../lib/api.ts';
import { formatCount, formatSecond, formatSpan, plural } from '../../../lib/format.ts';
import { useNow } from '../../../lib/now.ts';
import { type TimelineSubject, timelineLink } from '../../../lib/timeline-link.ts';
import { useSetSearch } from '../../../lib/view-state.ts';
import { GapNote } from '../gap-note.tsx';
import type { HuntSearch, Span } from '../hunt-search.ts';
import { TimeRange } from '../time-range.tsx';
import { useSpan } from '../use-span.ts';
import { userName } from '../user-words.ts';
import { AncestryLine } from './ancestry-line.tsx';
import { huntLink } from './hunt-link.ts';
import { InOrder } from './in-order.tsx';
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
      {subject.process === undefined ? null : <Commands process={subject.process} />}
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
        title={subject.kind === 'process' ? 'What it and its children did, in order' : 'What happened in it, in order'}
      >
        <InOrder forensics={forensics} span={span} />
      </Section>
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
      {process?.user === undefined ? '' : `, as ${visibleText(userName(process.user))}`}
      <Around what="started" at={process?.startedAt} subject={subject} now={now} />
      <Around what="ended" at={process?.endedAt} subject={subject} now={now} />
      {ranFor(process)}
      {process?.exitCode === undefined ? '' : `, exit code ${process.exitCode}`}
    </>
  );
};

type AroundProps = {
  readonly what: 'started' | 'ended';
  readonly at: string | undefined;
  readonly subject: Forensics['subject'];
  readonly now: number;
};

const aroundMs = 60_000;

/** A moment of its life, which leads to the minute before and after: it may lie outside of what is shown. */
const Around = ({ what, at, subject: { hostId, process }, now }: AroundProps) => {
  if (at === undefined || process === undefined) return null;
  const [since, until] = [-aroundMs, aroundMs].map((ms) => new Date(Date.parse(at) + ms).toISOString());
  return (
    <>
      , {what}{' '}
      <AnyLink to={timelineLink({ hostId, process: process.id }, { since, until, mark: at })} className={text.link}>
        {formatSecond(at, now)}
      </AnyLink>
    </>
  );
};

const ranFor = (process: ForensicProcess | undefined): string =>
  process?.startedAt === undefined || process.endedAt === undefined
    ? ''
    : ` after ${formatSpan(Date.parse(process.endedAt) - Date.parse(process.startedAt))}`;

/** What it ran, one after the other in its own place, the last one being what it is called by. */
const Commands = ({ process: { ranBefore = [], commandLine } }: { readonly process: ForensicProcess }) =>
  [...ranBefore, ...(commandLine === undefined ? [] : [commandLine])].map((command, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the same may be run twice and never moves
    <p key={index} className={styles.command}>
      {index === 0 ? '' : 'then '}
      {visibleText(command)}
    </p>
  ));

const evidenceOf = (subject: TimelineSubject, span: Span, look: boolean): string =>
  api.url('forensics.evidence', { query: { ...subject, ...span, look } });

const totalOf = ({ actions }: Forensics): number => actions.reduce((sum, { count }) => sum + count, 0);

const subjectOf = ({ hostId, process, containerId }: Search): TimelineSubject | undefined => {
  if (containerId !== undefined) return { containerId };
  return hostId === undefined || process === undefined ? undefined : { hostId, process };
};
