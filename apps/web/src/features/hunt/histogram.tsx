import type { HuntGap, ResultOf } from '@parapet/contract/api';
import { type PointerEvent, useRef, useState } from 'react';
import { formatCount, formatMoment, formatSpan, plural } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { gapKey, gapKind, lackOf } from './gap-words.ts';
import styles from './hunt.module.css';
import type { Span } from './hunt-search.ts';

type Histogram = ResultOf<'hunt.histogram'>;

type HistogramProps = {
  readonly span: Span;
  readonly histogram: Histogram | undefined;
  readonly gaps: readonly HuntGap[];
  readonly onZoom: (span: Span) => void;
};

const width = 1000;
const height = 56;
/** A drag of fewer pixels is a click. */
const leastDrag = 6;

/** How many events there were over time, with what was lost and when nobody saw. Dragging over it looks closer. */
export const HuntHistogram = ({ span, histogram, gaps, onZoom }: HistogramProps) => {
  const now = useNow();
  const track = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number }>();
  const [from, to] = [Date.parse(span.since), Date.parse(span.until)];
  const shareAt = (event: PointerEvent): number => {
    const box = track.current?.getBoundingClientRect();
    return box === undefined ? 0 : Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const finish = (event: PointerEvent): void => {
    setDrag(undefined);
    const box = track.current?.getBoundingClientRect();
    if (drag === undefined || box === undefined) return;
    const [a, b] = [drag.from, shareAt(event)].toSorted((one, other) => one - other) as [number, number];
    if ((b - a) * box.width < leastDrag) return;
    const at = (share: number): string => new Date(Math.round(from + share * (to - from))).toISOString();
    onZoom({ since: at(a), until: at(b) });
  };
  return (
    <figure className={styles.figure}>
      <div
        ref={track}
        className={styles.track}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ from: shareAt(event), to: shareAt(event) });
        }}
        onPointerMove={(event) => {
          if (drag !== undefined) setDrag({ ...drag, to: shareAt(event) });
        }}
        onPointerUp={finish}
        onPointerCancel={() => setDrag(undefined)}
        title="Drag over a part to look closer"
      >
        <Bars from={from} to={to} histogram={histogram} gaps={gaps} />
        {drag === undefined ? null : (
          <div
            className={styles.drag}
            style={{
              left: `${Math.min(drag.from, drag.to) * 100}%`,
              width: `${Math.abs(drag.to - drag.from) * 100}%`,
            }}
          />
        )}
      </div>
      <div className={styles.axis} aria-hidden>
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <span key={share}>{formatMoment(new Date(from + share * (to - from)).toISOString(), now)}</span>
        ))}
      </div>
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
  const x = (ms: number): number => ((Math.min(to, Math.max(from, ms)) - from) / (to - from)) * width;
  const most = Math.max(1, ...(histogram?.buckets ?? []).map(({ count }) => count));
  const stepMs = histogram?.stepMs ?? 1;
  return (
    <svg className={styles.bars} viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden>
      <defs>
        <pattern id="hunt-blind" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="7" height="7" className={styles.blindGround} />
          <rect width="2.4" height="7" className={styles.blindLine} />
        </pattern>
      </defs>
      {gaps
        .filter((gap) => gapKind(gap) !== 'lost')
        .map((gap) => {
          const [a, b] = [x(Date.parse(gap.from)), x(gap.to === undefined ? to : Date.parse(gap.to))];
          return (
            <rect
              key={gapKey(gap)}
              x={a}
              width={Math.max(3, b - a)}
              height={height}
              {...(gapKind(gap) === 'gone' ? { className: styles.gone } : { fill: 'url(#hunt-blind)' })}
            >
              <title>{`${gap.hostName ?? 'All hosts'}: ${lackOf(gap, to)}`}</title>
            </rect>
          );
        })}
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
      {gaps
        .filter((gap) => gapKind(gap) === 'lost')
        .map((gap) => {
          const [a, b] = [x(Date.parse(gap.from)), x(gap.to === undefined ? to : Date.parse(gap.to))];
          return (
            <rect key={gapKey(gap)} x={a} width={Math.max(3, b - a)} height={4} className={styles.lost}>
              <title>{`${gap.hostName ?? 'All hosts'}: ${lackOf(gap, to)}`}</title>
            </rect>
          );
        })}
    </svg>
  );
};

const sentenceOf = (histogram: Histogram | undefined, now: number): string => {
  if (histogram === undefined) return 'Counting the events over time.';
  const most = histogram.buckets.toSorted((a, b) => b.count - a.count)[0];
  if (most === undefined) return 'No events over this time.';
  return `${plural(histogram.total, 'event')} over this time, most of them, ${formatCount(most.count)}, within ${formatSpan(histogram.stepMs)} from ${formatMoment(most.at, now)} on.`;
};
