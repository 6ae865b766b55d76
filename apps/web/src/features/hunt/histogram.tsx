import type { HuntGap, ResultOf } from '@parapet/contract/api';
import { BlindPattern } from '../../components/blind-pattern.tsx';
import { formatCount, formatMoment, formatSpan, plural } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { GapShapes } from './gap-shapes.tsx';
import styles from './hunt.module.css';
import type { Span } from './hunt-search.ts';
import { TimeTrack, trackWidth } from './time-track.tsx';

type Histogram = ResultOf<'hunt.histogram'>;

type HistogramProps = {
  readonly span: Span;
  readonly histogram: Histogram | undefined;
  readonly gaps: readonly HuntGap[];
  readonly onZoom: (span: Span) => void;
};

const height = 56;

/** How many events there were over time, with what was lost and when nobody saw. Dragging over it looks closer. */
export const HuntHistogram = ({ span, histogram, gaps, onZoom }: HistogramProps) => {
  const now = useNow();
  const [from, to] = [Date.parse(span.since), Date.parse(span.until)];
  return (
    <figure className={styles.figure}>
      <TimeTrack span={span} onZoom={onZoom}>
        <Bars from={from} to={to} histogram={histogram} gaps={gaps} />
      </TimeTrack>
      <figcaption className="visually-hidden">{sentenceOf(histogram, now)}</figcaption>
    </figure>
  );
};

type BarsProps = {
  readonly from: number;
  readonly to: number;
  readonly histogram: Histogram | undefined;
  readonly gaps: readonly HuntGap[];
};

const Bars = ({ from, to, histogram, gaps }: BarsProps) => {
  const x = (ms: number): number => ((Math.min(to, Math.max(from, ms)) - from) / (to - from)) * trackWidth;
  const most = Math.max(1, ...(histogram?.buckets ?? []).map(({ count }) => count));
  const stepMs = histogram?.stepMs ?? 1;
  return (
    <svg className={styles.bars} viewBox={`0 0 ${trackWidth} ${height}`} preserveAspectRatio="none" aria-hidden>
      <BlindPattern id="hunt-blind" />
      <GapShapes gaps={gaps} kinds={['blind', 'gone']} x={x} to={to} height={height} pattern="hunt-blind" />
      {(histogram?.buckets ?? []).map(({ at, count }) => {
        const a = x(Date.parse(at));
        const b = x(Date.parse(at) + stepMs);
        // By the square root, so that a burst does not hide the rest.
        const size = Math.max(1.5, Math.sqrt(count / most) * (height - 8));
        return (
          <rect
            key={at}
            x={a + 0.5}
            width={Math.max(1, b - a - 1)}
            y={height - size}
            height={size}
            className={styles.bar1}
          >
            <title>{`${plural(count, 'event')} from ${at} on, within ${formatSpan(stepMs)}`}</title>
          </rect>
        );
      })}
      <GapShapes gaps={gaps} kinds={['unwatched']} x={x} to={to} height={4} pattern="hunt-blind" />
      <GapShapes gaps={gaps} kinds={['lost']} x={x} to={to} height={4} pattern="hunt-blind" />
    </svg>
  );
};

const sentenceOf = (histogram: Histogram | undefined, now: number): string => {
  if (histogram === undefined) return 'Counting the events over time.';
  const most = histogram.buckets.toSorted((a, b) => b.count - a.count)[0];
  if (most === undefined) return 'No events over this time.';
  return `${plural(histogram.total, 'event')} over this time, most of them, ${formatCount(most.count)}, within ${formatSpan(histogram.stepMs)} from ${formatMoment(most.at, now)} on.`;
};
