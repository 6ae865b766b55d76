import { type PointerEvent, type ReactNode, useRef, useState } from 'react';
import { axisZone, formatMark } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import styles from './hunt.module.css';
import type { Span } from './hunt-search.ts';

type TrackProps = {
  readonly span: Span;
  readonly onZoom: (span: Span) => void;
  /** Drawings as wide as the track, `trackWidth` in their own units. */
  readonly children: ReactNode;
  readonly className?: string | undefined;
};

export const trackWidth = 1000;
/** A drag of fewer pixels is a click. */
const leastDrag = 6;

/** A span of time from left to right, with its hours below. Dragging over a part of it looks closer. */
export const TimeTrack = ({ span, onZoom, children, className }: TrackProps) => {
  const now = useNow();
  const track = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number }>();
  const [from, to] = [Date.parse(span.since), Date.parse(span.until)];
  const at = (share: number): string => new Date(Math.round(from + share * (to - from))).toISOString();
  const shareAt = (event: PointerEvent): number => {
    const box = track.current?.getBoundingClientRect();
    return box === undefined ? 0 : Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const finish = (event: PointerEvent): void => {
    setDrag(undefined);
    const box = track.current?.getBoundingClientRect();
    if (drag === undefined || box === undefined) return;
    const [a, b] = [drag.from, shareAt(event)].toSorted((one, other) => one - other) as [number, number];
    if ((b - a) * box.width >= leastDrag) onZoom({ since: at(a), until: at(b) });
  };
  return (
    <div>
      <div
        ref={track}
        className={className ?? styles.track}
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
        {children}
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
      <div className={styles.axis} title={axisZone} aria-hidden>
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <span key={share}>{formatMark(at(share), (to - from) / 4, now)}</span>
        ))}
      </div>
    </div>
  );
};
