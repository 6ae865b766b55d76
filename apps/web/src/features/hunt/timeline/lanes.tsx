import type { Forensics } from '@parapet/contract/api';
import { eventKinds } from '@parapet/contract/api';
import { AnyLink } from '../../../components/any-link.tsx';
import { BlindPattern } from '../../../components/blind-pattern.tsx';
import text from '../../../components/text.module.css';
import { formatCount, formatMoment, formatSecond, formatSpan, plural } from '../../../lib/format.ts';
import { useNow } from '../../../lib/now.ts';
import { GapShapes } from '../gap-shapes.tsx';
import hunt from '../hunt.module.css';
import type { Span } from '../hunt-search.ts';
import { TimeTrack, trackWidth } from '../time-track.tsx';
import { huntLink } from './hunt-link.ts';
import styles from './timeline.module.css';

type Lane = Forensics['lanes'][number];

type LanesProps = {
  readonly forensics: Forensics;
  readonly span: Span;
  /** The moment that is looked at for. */
  readonly mark: string | undefined;
  readonly onZoom: (span: Span) => void;
};

const laneHeight = 30;

/** What happened over time, a lane for each kind, with what nobody saw. A lane's name hunts for what is in it. */
export const Lanes = ({ forensics, span, mark, onZoom }: LanesProps) => {
  const now = useNow();
  const { lanes, gaps } = forensics;
  const [from, to] = [Date.parse(span.since), Date.parse(span.until)];
  const x = (ms: number): number => ((Math.min(to, Math.max(from, ms)) - from) / (to - from)) * trackWidth;
  const height = Math.max(1, lanes.length) * laneHeight;
  return (
    <figure className={styles.lanes}>
      <ul className={styles.laneNames} aria-label="What happened, by kind">
        {lanes.map((lane) => (
          <li key={lane.lane} style={{ height: laneHeight }}>
            <AnyLink to={huntLink(huntOfLane(forensics, lane), span)} className={text.link}>
              {laneNames[lane.lane]}
            </AnyLink>{' '}
            <span className={text.minor}>{formatCount(lane.total)}</span>
            <LaneSentence lane={lane} />
          </li>
        ))}
        {lanes.length === 0 ? <li style={{ height: laneHeight }}>Nothing recorded</li> : null}
      </ul>
      <TimeTrack span={span} onZoom={onZoom} className={styles.track}>
        <svg
          className={styles.drawing}
          style={{ height }}
          viewBox={`0 0 ${trackWidth} ${height}`}
          preserveAspectRatio="none"
          aria-hidden
        >
          <BlindPattern id="lane-blind" />
          <GapShapes
            gaps={gaps}
            kinds={['unwatched', 'blind', 'gone']}
            x={x}
            to={to}
            height={height}
            pattern="lane-blind"
          />
          {lanes.map((lane, index) => (
            <LaneBars key={lane.lane} lane={lane} top={index * laneHeight} x={x} />
          ))}
          <GapShapes gaps={gaps} kinds={['lost']} x={x} to={to} height={4} pattern="lane-blind" />
          {mark === undefined ? null : (
            <line
              x1={x(Date.parse(mark))}
              x2={x(Date.parse(mark))}
              y2={height}
              vectorEffect="non-scaling-stroke"
              className={styles.mark}
            />
          )}
        </svg>
      </TimeTrack>
      {mark === undefined ? null : (
        <figcaption className={styles.markNote}>The line marks {formatSecond(mark, now)}.</figcaption>
      )}
    </figure>
  );
};

const LaneBars = ({
  lane,
  top,
  x,
}: {
  readonly lane: Lane;
  readonly top: number;
  readonly x: (ms: number) => number;
}) => {
  const most = Math.max(1, ...lane.buckets.map(({ count }) => count));
  return (
    <>
      {lane.buckets.map(({ at, count }) => {
        const a = x(Date.parse(at));
        // By the square root, so that a burst does not hide the rest.
        const size = Math.max(4, Math.sqrt(count / most) * (laneHeight - 8));
        return (
          <rect
            key={at}
            x={a}
            width={Math.max(2, x(Date.parse(at) + lane.stepMs) - a - 1)}
            y={top + laneHeight - 2 - size}
            height={size}
            className={hunt.bar1}
          >
            <title>{`${laneNames[lane.lane]}: ${plural(count, 'event')} from ${at} on, within ${formatSpan(lane.stepMs)}`}</title>
          </rect>
        );
      })}
      <rect x="0" width={trackWidth} y={top + laneHeight - 1} height="1" className={styles.rule} />
    </>
  );
};

/** What the drawing shows, for who cannot see it. */
const LaneSentence = ({ lane }: { readonly lane: Lane }) => {
  const now = useNow();
  const [first, last] = [lane.buckets[0], lane.buckets.at(-1)];
  if (first === undefined || last === undefined) return null;
  return (
    <span className="visually-hidden">
      {`, first from ${formatMoment(first.at, now)} on, last from ${formatMoment(last.at, now)} on`}
    </span>
  );
};

const laneNames: Readonly<Record<Lane['lane'], string>> = {
  process: 'Starts and ends',
  privilege: 'Rights',
  file: 'Files',
  network: 'Connections',
  dns: 'Names',
  kernel: 'Kernel',
  container: 'Container',
  account: 'Accounts',
  started: 'Started others',
};

const huntOfLane = ({ hunt: own, subject }: Forensics, { lane }: Lane): string =>
  lane === 'started'
    ? `host.id = ${subject.hostId} and process.parent.entity_id = "${subject.process?.id ?? ''}" and event.action = exec`
    : `${own} and event.action in (${eventKinds[lane].join(', ')})`;
