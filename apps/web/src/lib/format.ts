const integers = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** `1,284`. */
export const formatCount = (value: number): string => integers.format(value);

/** `4.1K`, for places too small for all digits. */
export const formatCompact = (value: number): string =>
  value < 10_000 ? integers.format(value) : compact.format(value);

/** `1 finding`, `12 findings`; irregular plurals are given. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

/** A total that may be a lower bound: `10,000+`. */
export const formatTotal = (total: number, isMinimum: boolean): string =>
  `${formatCount(total)}${isMinimum ? '+' : ''}`;

/** A share between 0 and 1: `71 %`, `0.4 %`, and never `100 %` or `0 %` for what is not all or nothing. */
export const formatShare = (share: number): string => {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  if (percent < 10 && percent % 1 !== 0) return `${percent.toFixed(1)} %`;
  if (share < 1 && percent > 99) return '> 99 %';
  return `${Math.round(percent)} %`;
};

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Decimal units: `62 MB`, `1.4 GB`. */
export const formatBytes = (bytes: number): string => {
  const exponent = bytes < 1 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(bytes) / 3));
  const scaled = bytes / 1000 ** exponent;
  const digits = exponent === 0 || scaled >= 10 ? 0 : 1;
  return `${scaled.toFixed(digits)} ${byteUnits[exponent] ?? 'B'}`;
};

const spans = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const;

/** The largest whole unit: `26 min`, `3 d`; below a second `420 ms`. */
export const formatSpan = (ms: number): string => {
  const size = Math.abs(ms);
  for (const [unit, name] of spans) if (size >= unit) return `${formatCount(Math.floor(size / unit))} ${name}`;
  return `${Math.round(size)} ms`;
};

/** `3 d ago`, `in 2 h`, `now` within five seconds. */
export const formatRelative = (at: string, now: number): string => {
  const distance = now - Date.parse(at);
  if (Number.isNaN(distance)) return at;
  if (Math.abs(distance) < 5000) return 'now';
  return distance > 0 ? `${formatSpan(distance)} ago` : `in ${formatSpan(distance)}`;
};

const absolute = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const dayAndClock = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const dayAndMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** `21 Nov 2026, 09:12:44 CET`, in the reader's time zone. */
export const formatAbsolute = (at: string): string => absolute.format(new Date(at));
export const formatDay = (at: string): string => day.format(new Date(at));

/** `09:12` today, `20 Nov, 09:12` otherwise. */
export const formatMoment = (at: string, now: number): string => {
  const moment = new Date(at);
  return moment.toDateString() === new Date(now).toDateString() ? clock.format(moment) : dayAndClock.format(moment);
};

const exactClock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const finestClock = new Intl.DateTimeFormat('en-GB', {
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

/** `09:12:44` today, `20 Nov, 09:12:44` otherwise. */
export const formatSecond = (at: string, now: number): string => {
  const moment = new Date(at);
  const time = exactClock.format(moment);
  return moment.toDateString() === new Date(now).toDateString() ? time : `${dayAndMonth.format(moment)}, ${time}`;
};

/** A mark on an axis whose marks are `stepMs` apart, as exact as it takes to tell them apart. */
export const formatMark = (at: string, stepMs: number, now: number): string =>
  stepMs >= 60_000 ? formatMoment(at, now) : stepMs >= 1000 ? formatSecond(at, now) : finestClock.format(new Date(at));

/** The time zone in which all times are shown, by its name, which holds in summer and winter: `Europe/Berlin`. */
export const readerZone: string = new Intl.DateTimeFormat().resolvedOptions().timeZone;
/** What an axis of times says of itself. */
export const axisZone = `Times in ${readerZone}`;

/** The first characters of an id, enough to tell two apart by eye. */
export const shortId = (id: string): string => {
  const bare = id.replace(/^sha256:/, '');
  return bare.length <= 12 ? bare : bare.slice(0, 12);
};

/** CPU use: `0.02 core`. */
export const formatCores = (cores: number): string =>
  `${cores < 0.995 ? cores.toFixed(2) : cores.toFixed(1)} core${cores > 1 ? 's' : ''}`;

/** A moment as a `datetime-local` field holds it, in the reader's time zone. */
export const localInput = (at: string): string => {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};
