/** What the time strip spans. */
export const ranges = [
  { value: '1h', label: '1 hour', ms: 3_600_000 },
  { value: '6h', label: '6 hours', ms: 6 * 3_600_000 },
  { value: '24h', label: '24 hours', ms: 24 * 3_600_000 },
  { value: '7d', label: '7 days', ms: 7 * 24 * 3_600_000 },
  { value: '30d', label: '30 days', ms: 30 * 24 * 3_600_000 },
] as const;
export type RangeName = (typeof ranges)[number]['value'];

export const bucketCount = 96;

export type TimeScale = { readonly fromMs: number; readonly toMs: number; readonly bucketMs: number };

/**
 * The strip's span: up to now, rounded to whole buckets so that it moves in steps; around the shown moment when that lies
 * before it.
 */
export const scaleOf = (range: RangeName, nowMs: number, at: string | undefined): TimeScale => {
  const spanMs = ranges.find((entry) => entry.value === range)?.ms ?? 86_400_000;
  const bucketMs = spanMs / bucketCount;
  const liveEnd = Math.ceil(nowMs / bucketMs) * bucketMs;
  const atMs = at === undefined ? undefined : Date.parse(at);
  const toMs =
    atMs !== undefined && atMs < liveEnd - spanMs ? Math.ceil((atMs + spanMs / 2) / bucketMs) * bucketMs : liveEnd;
  return { fromMs: toMs - spanMs, toMs, bucketMs };
};

/** Where a time lies on the strip, 0 to 1. */
export const shareOf = (scale: TimeScale, ms: number): number =>
  Math.min(1, Math.max(0, (ms - scale.fromMs) / (scale.toMs - scale.fromMs)));

/** The time at a place on the strip; `undefined` for now, which is its end as long as that is not in the past. */
export const timeAt = (scale: TimeScale, share: number, nowMs: number): number | undefined => {
  const ms = Math.round(scale.fromMs + Math.min(1, Math.max(0, share)) * (scale.toMs - scale.fromMs));
  return ms >= nowMs - scale.bucketMs / 4 ? undefined : ms;
};

/** Round times to write below the strip, four to eight of them. */
export const ticksOf = (scale: TimeScale): readonly number[] => {
  const steps = [5, 10, 15, 30, 60, 120, 240, 360, 720, 1_440, 2_880, 7_200, 14_400].map((minutes) => minutes * 60_000);
  const step = steps.find((candidate) => (scale.toMs - scale.fromMs) / candidate <= 8) ?? 14_400 * 60_000;
  const offset = new Date(scale.fromMs).getTimezoneOffset() * 60_000;
  const first = Math.ceil((scale.fromMs - offset) / step) * step + offset;
  const ticks: number[] = [];
  for (let tick = first; tick <= scale.toMs; tick += step) ticks.push(tick);
  return ticks;
};
