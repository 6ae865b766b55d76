import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { WallClock } from './syslog-line.ts';

/**
 * Turns what a clock on the host’s wall showed into milliseconds since the Unix epoch. Lines say no year: it is the last one in which
 * that moment is not ahead. An hour that a clock shows twice in autumn is taken for the second one, at most an hour off.
 */
export const createLocalTime =
  (zone: string | undefined, now: () => number): ((shown: WallClock) => number) =>
  (shown) => {
    const latest = now() + aheadMs;
    const year = new Date(latest).getUTCFullYear() + 1;
    for (let back = 0; back < 3; back += 1) {
      const at = momentOf(year - back, shown, zone);
      if (at <= latest) return at;
    }
    return now();
  };

/** Clocks are set, and zones are up to 14 hours away from UTC. */
const aheadMs = 60_000;

const momentOf = (year: number, { month, day, hour, minute, second }: WallClock, zone: string | undefined): number => {
  if (zone === undefined) return new Date(year, month, day, hour, minute, second).getTime();
  const shown = Date.UTC(year, month, day, hour, minute, second);
  const guess = shown - offsetAt(shown, zone);
  return shown - offsetAt(guess, zone);
};

/** How far the zone is ahead of UTC then. */
const offsetAt = (at: number, zone: string): number => {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return shown - Math.floor(at / 1000) * 1000;
};

const formats = new Map<string, Intl.DateTimeFormat>();
const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
  // A host has one, and a few over the years.
  if (formats.size >= 16) formats.clear();
  formats.set(zone, made);
  return made;
};

/** Name of the host’s time zone by its link (localtime(5)); `undefined`: the zone of this process, which is mostly the same. */
export const readHostZone = (rootPath: string): string | undefined => {
  try {
    const [, zone] =
      /zoneinfo\/(?:posix\/|right\/)?([\w+/-]{1,64})$/.exec(readlinkSync(join(rootPath, 'etc/localtime'))) ?? [];
    if (zone !== undefined) formatOf(zone);
    return zone;
  } catch {
    return undefined;
  }
};
