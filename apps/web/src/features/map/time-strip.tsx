import type { ResultOf } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { Pause, Play } from 'lucide-react';
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import { BlindPattern } from '../../components/blind-pattern.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { ChoiceMenu } from '../../components/choice-menu.tsx';
import { steadyQuery } from '../../lib/api.ts';
import { axisZone, formatAbsolute, formatCount, formatMoment, formatRelative, plural } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import type { Moment } from '../../lib/view-state.ts';
import {
  bucketCount,
  type RangeName,
  ranges,
  scaleOf,
  shareOf,
  type TimeScale,
  ticksOf,
  timeAt,
} from './time-scale.ts';
import styles from './time-strip.module.css';

type Changes = ResultOf<'map.changes'>;

/** What changed over time, where we were blind, and the moment that the map shows: drag, play, or go back to live. */
export const TimeStrip = ({ moment }: { readonly moment: Moment }) => {
  const now = useNow();
  const [range, setRange] = useState<RangeName>('24h');
  const scale = scaleOf(range, now, moment.at);
  const changes = useQuery(
    steadyQuery('map.changes', {
      query: {
        from: new Date(scale.fromMs).toISOString(),
        to: new Date(scale.toMs).toISOString(),
        buckets: bucketCount,
      },
    }),
  );
  const [playing, setPlaying] = usePlaying(scale, moment);
  const sentence = sentenceOf(changes.data, moment, now);
  return (
    <section className={styles.strip} aria-label="Time">
      <div className={styles.head}>
        <IconButton
          label={playing ? 'Pause' : moment.live ? 'Play the last part again' : 'Play from here'}
          icon={playing ? <Pause size={14} aria-hidden /> : <Play size={14} aria-hidden />}
          onClick={() => {
            if (!playing && moment.live)
              moment.set(new Date(scale.fromMs + (scale.toMs - scale.fromMs) / 2).toISOString());
            setPlaying(!playing);
          }}
        />
        <p className={styles.sentence}>{sentence}</p>
        {moment.live ? null : (
          <Button small look="primary" onClick={() => moment.set(undefined)}>
            Back to live
          </Button>
        )}
        <ChoiceMenu label="Show" value={range} options={ranges} onChange={setRange} />
      </div>
      <Track scale={scale} changes={changes.data} moment={moment} now={now} onGrab={() => setPlaying(false)} />
    </section>
  );
};

const playStepMs = 650;

/** Moves the moment one bucket at a time until it is live again. */
const usePlaying = (scale: TimeScale, moment: Moment): readonly [boolean, (playing: boolean) => void] => {
  const [playing, setPlaying] = useState(false);
  const { at, set } = moment;
  const { bucketMs } = scale;
  useEffect(() => {
    if (!playing || at === undefined) return;
    const timer = setTimeout(() => {
      const next = Date.parse(at) + bucketMs;
      if (next >= Date.now()) setPlaying(false);
      set(next >= Date.now() ? undefined : new Date(next).toISOString(), { replace: true });
    }, playStepMs);
    return () => clearTimeout(timer);
  }, [playing, at, bucketMs, set]);
  return [playing && at !== undefined, setPlaying];
};

type TrackProps = {
  readonly scale: TimeScale;
  readonly changes: Changes | undefined;
  readonly moment: Moment;
  readonly now: number;
  readonly onGrab: () => void;
};

const Track = ({ scale, changes, moment, now, onGrab }: TrackProps) => {
  const track = useRef<HTMLDivElement>(null);
  const atMs = moment.at === undefined ? now : Date.parse(moment.at);
  const go = (ms: number | undefined): void =>
    moment.set(ms === undefined ? undefined : new Date(ms).toISOString(), { replace: true });
  const onPointer = (event: PointerEvent): void => {
    if (event.type === 'pointerdown') {
      onGrab();
      event.currentTarget.setPointerCapture(event.pointerId);
    } else if ((event.buttons & 1) === 0) return;
    const box = track.current?.getBoundingClientRect();
    if (box !== undefined) go(timeAt(scale, (event.clientX - box.left) / box.width, Date.now()));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowDown: -1,
      ArrowRight: 1,
      ArrowUp: 1,
      PageDown: -8,
      PageUp: 8,
    };
    const step = steps[event.key];
    if (step === undefined && event.key !== 'Home' && event.key !== 'End') return;
    event.preventDefault();
    onGrab();
    if (event.key === 'End') go(undefined);
    else if (event.key === 'Home') go(scale.fromMs);
    else {
      const next = atMs + (step ?? 0) * scale.bucketMs;
      go(next >= Date.now() ? undefined : next);
    }
  };
  return (
    <div
      ref={track}
      className={styles.track}
      role="slider"
      tabIndex={0}
      aria-label="Moment shown"
      aria-valuemin={Math.round(scale.fromMs / 1000)}
      aria-valuemax={Math.round(scale.toMs / 1000)}
      aria-valuenow={Math.round(Math.min(atMs, scale.toMs) / 1000)}
      aria-valuetext={moment.live ? 'Live' : formatAbsolute(new Date(atMs).toISOString())}
      onPointerDown={onPointer}
      onPointerMove={onPointer}
      onKeyDown={onKeyDown}
    >
      <Histogram scale={scale} changes={changes} />
      <Ticks scale={scale} now={now} />
      <div className={styles.marker} data-live={moment.live} style={{ left: `${shareOf(scale, atMs) * 100}%` }}>
        <span>{moment.live ? 'live' : formatMoment(new Date(atMs).toISOString(), now)}</span>
      </div>
    </div>
  );
};

const height = 40;

/** One bar for what came (up) and went (down) in each bucket, by the square root, so that a burst does not hide the rest. */
const Histogram = ({ scale, changes }: { readonly scale: TimeScale; readonly changes: Changes | undefined }) => {
  const most = Math.max(1, ...(changes?.buckets ?? []).map((bucket) => Math.max(bucket.appeared, bucket.gone)));
  const size = (count: number, room: number): number =>
    count === 0 ? 0 : Math.max(1.5, Math.sqrt(count / most) * room);
  return (
    <svg className={styles.bars} viewBox={`0 0 ${bucketCount * 10} ${height}`} preserveAspectRatio="none" aria-hidden>
      <BlindPattern id="map-blind" />
      {(changes?.blind ?? []).map((span) => {
        const from = shareOf(scale, Date.parse(span.from));
        const to = shareOf(scale, span.to === undefined ? scale.toMs : Date.parse(span.to));
        return to <= from ? null : (
          <rect
            key={span.from}
            x={from * bucketCount * 10}
            width={Math.max(3, (to - from) * bucketCount * 10)}
            height={height}
            fill="url(#map-blind)"
          />
        );
      })}
      <line x1="0" x2={bucketCount * 10} y1="28.5" y2="28.5" className={styles.base} />
      {(changes?.buckets ?? []).map((bucket) => {
        const x = shareOf(scale, Date.parse(bucket.at)) * bucketCount * 10;
        const [up, down] = [size(bucket.appeared, 26), size(bucket.gone, 10)];
        return (
          <g key={bucket.at}>
            {up === 0 ? null : (
              <rect x={x + 1.6} width="6.8" y={28 - up} height={up} rx="1.4" className={styles.came} />
            )}
            {down === 0 ? null : <rect x={x + 1.6} width="6.8" y="29" height={down} rx="1.4" className={styles.went} />}
          </g>
        );
      })}
    </svg>
  );
};

const Ticks = ({ scale, now }: { readonly scale: TimeScale; readonly now: number }) => (
  <div className={styles.ticks} title={axisZone} aria-hidden>
    {ticksOf(scale).map((tick) => {
      const share = shareOf(scale, tick);
      return share < 0.03 || share > 0.95 ? null : (
        <span key={tick} style={{ left: `max(40px, ${share * 100}%)` }}>
          {formatMoment(new Date(tick).toISOString(), now)}
        </span>
      );
    })}
  </div>
);

const sentenceOf = (changes: Changes | undefined, moment: Moment, now: number): string => {
  if (moment.at !== undefined)
    return `The map as it was ${formatRelative(moment.at, now)}, ${formatAbsolute(moment.at)}`;
  if (changes === undefined) return 'Reading what changed…';
  const came = changes.buckets.reduce((sum, bucket) => sum + bucket.appeared, 0);
  const went = changes.buckets.reduce((sum, bucket) => sum + bucket.gone, 0);
  const blind = changes.blind.length === 0 ? '' : ` · blind ${plural(changes.blind.length, 'time')}, hatched`;
  if (came + went === 0) return `Nothing changed in this time${blind}`;
  return `Nodes and edges: ${formatCount(came)} came, ${formatCount(went)} went${blind}`;
};
