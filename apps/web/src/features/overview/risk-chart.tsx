import { useId, useState } from 'react';
import { axisZone, formatCount, formatMoment, plural } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import styles from './risk-chart.module.css';

type Point = { readonly at: string; readonly risk: number; readonly open: number };

const width = 340;
const height = 112;
const inset = 6;

/** Risk of all open findings over time. The same numbers stand in a table for those who do not see the line. */
export const RiskChart = ({ points }: { readonly points: readonly Point[] }) => {
  const now = useNow();
  const gradient = useId();
  const [hovered, setHovered] = useState<number>();
  const placed = place(points);
  const shown = placed[hovered ?? placed.length - 1];
  if (shown === undefined) return null;
  return (
    <figure className={styles.chart}>
      <figcaption className={styles.caption}>
        <b>{formatCount(Math.round(shown.point.risk))}</b>
        <span>
          in all of {plural(shown.point.open, 'open finding')} ·{' '}
          {hovered === undefined ? trend(points, now) : formatMoment(shown.point.at, now)}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        aria-hidden
        onPointerMove={(event) => setHovered(nearest(placed, event))}
        onPointerLeave={() => setHovered(undefined)}
      >
        <defs>
          <linearGradient id={gradient} x1="0" x2="0" y1="0" y2="1">
            <stop offset="0" stopColor="var(--accent)" stopOpacity="0.22" />
            <stop offset="1" stopColor="var(--accent)" stopOpacity="0" />
          </linearGradient>
        </defs>
        {[0.25, 0.5, 0.75, 1].map((share) => (
          <line key={share} x1="0" x2={width} y1={height * share - 1} y2={height * share - 1} stroke="var(--line)" />
        ))}
        <path d={`${line(placed)}L${placed.at(-1)?.x ?? width} ${height}L0 ${height}z`} fill={`url(#${gradient})`} />
        <path d={line(placed)} fill="none" stroke="var(--accent)" strokeWidth="1.8" strokeLinejoin="round" />
        {hovered === undefined ? null : (
          <line x1={shown.x} x2={shown.x} y1="0" y2={height} stroke="var(--line-strong)" />
        )}
        <circle cx={shown.x} cy={shown.y} r="3.5" fill="var(--accent)" />
      </svg>
      <div className={styles.axis} title={axisZone} aria-hidden>
        <span>{formatMoment(points[0]?.at ?? shown.point.at, now)}</span>
        <span>now</span>
      </div>
      <table className="visually-hidden">
        <caption>Risk of all open findings over time</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Risk</th>
            <th scope="col">Open findings</th>
          </tr>
        </thead>
        <tbody>
          {points.map((point) => (
            <tr key={point.at}>
              <th scope="row">{formatMoment(point.at, now)}</th>
              <td>{formatCount(Math.round(point.risk))}</td>
              <td>{formatCount(point.open)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
};

type Placed = { readonly x: number; readonly y: number; readonly point: Point };

const place = (points: readonly Point[]): readonly Placed[] => {
  const times = points.map((point) => Date.parse(point.at));
  const first = Math.min(...times);
  const span = Math.max(1, Math.max(...times) - first);
  const top = Math.max(1, ...points.map((point) => point.risk));
  return points.map((point, index) => ({
    x: (((times[index] ?? first) - first) / span) * (width - inset),
    y: height - inset - (point.risk / top) * (height - 2 * inset),
    point,
  }));
};

const line = (placed: readonly Placed[]): string =>
  placed.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

const nearest = (placed: readonly Placed[], event: React.PointerEvent<SVGElement>): number => {
  const box = event.currentTarget.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * width;
  return placed.reduce(
    (best, point, index) => (Math.abs(point.x - x) < Math.abs((placed[best]?.x ?? 0) - x) ? index : best),
    0,
  );
};

/** A word for the change over the whole span, which may be an hour or a month. */
const trend = (points: readonly Point[], now: number): string => {
  const from = points[0]?.at;
  return from === undefined ? '' : `${changeOf(points)} since ${formatMoment(from, now)}`;
};

const changeOf = (points: readonly Point[]): string => {
  const first = points[0]?.risk ?? 0;
  const last = points.at(-1)?.risk ?? 0;
  if (first === 0) return last === 0 ? 'unchanged' : 'rising';
  const change = Math.round(((last - first) / first) * 100);
  return change === 0 ? 'unchanged' : change > 0 ? `up ${change} %` : `down ${-change} %`;
};
