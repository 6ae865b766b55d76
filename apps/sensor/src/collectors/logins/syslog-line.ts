/** A line of a log as syslog daemons write it. */
export type SyslogLine = {
  /** Microseconds since the Unix epoch; `undefined` where the line says none that can be true. */
  readonly atUs: number | undefined;
  readonly program: string;
  readonly pid: number | undefined;
  readonly message: string;
};

/** `Nov  8 10:02:03` (RFC 3164) or `2026-11-08T10:02:03.123456+01:00` (RFC 3339), then the host, of BusyBox what it is about, and who speaks. */
const form =
  /^(?:([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))) \S{1,255} (?:[a-z0-9]{1,16}\.[a-z]{1,16} )?([^\s[\]:]{1,64})(?:\[(\d{1,10})\])?: (.*)$/s;

/** `localTime` gives the moment that a clock on the host’s wall showed so. */
export const parseSyslogLine = (text: string, localTime: (shown: WallClock) => number): SyslogLine | undefined => {
  const [, short, long, program, pid, message] = form.exec(text) ?? [];
  if (program === undefined || message === undefined) return undefined;
  const atUs = long === undefined ? shortTime(short ?? '', localTime) : longTime(long);
  return { atUs, program, pid: pid === undefined ? undefined : Number(pid), message };
};

/** Month from 0 on; the year is not said. */
export type WallClock = {
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
};

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const shortTime = (text: string, localTime: (shown: WallClock) => number): number | undefined => {
  const month = months.indexOf(text.slice(0, 3));
  const [day = 0, hour = 0, minute = 0, second = 0] = [4, 7, 10, 13].map((at) => Number(text.slice(at, at + 2)));
  if (month === -1 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  return localTime({ month, day, hour, minute, second }) * 1000;
};

const longTime = (text: string): number | undefined => {
  const ms = Date.parse(text.replace(/(\.\d{3})\d+/, '$1'));
  if (Number.isNaN(ms) || ms < 0) return undefined;
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? '';
  return ms * 1000 + Number(fraction.padEnd(6, '0').slice(3, 6));
};
