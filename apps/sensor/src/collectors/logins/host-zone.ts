import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { WallClock } from './syslog-line.ts';

/**
 * Turns what a clock on the host’s wall showed into milliseconds since the Unix epoch. Lines say no year: it is the last one in which
 * that moment is not ahead. An hour that a clock shows twice in autumn is taken for the second one, at most an hour off.
 */
export const createLocalTime = (zone: string | undefined, now: () => number): ((shown: WallClock) => number) => {
  // Lines come in order, and working out the zone costs more than all else of a line.
  let last: { readonly shown: WallClock; readonly at: number; readonly foundAt: number } | undefined;
  const lastMinuteOf = (shown: WallClock): number | undefined => {
    if (last === undefined || Math.abs(now() - last.foundAt) >= aheadMs) return undefined;
    return isSameMinute(last.shown, shown) ? last.at + (shown.second - last.shown.second) * 1000 : undefined;
  };
  return (shown) => {
    const latest = now() + aheadMs;
    const known = lastMinuteOf(shown);
    if (known !== undefined && known <= latest) return known;
    const year = new Date(latest).getUTCFullYear() + 1;
    for (let back = 0; back < 3; back += 1) {
      const at = momentOf(year - back, shown, zone);
      if (at > latest) continue;
      last = { shown, at, foundAt: now() };
      return at;
    }
    return now();
  };
};

const isSameMinute = (one: WallClock, other: WallClock): boolean =>
  one.minute === other.minute && one.hour === other.hour && one.day === other.day && one.month === other.month;

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
  // A host has one, and a few over the years; containers have theirs.
  if (formats.size >= 16) formats.clear();
  formats.set(zone, made);
  return made;
};

/** Name of the host’s time zone by its link (localtime(5)); `undefined`: the zone of this process, which is mostly the same. */
export const readHostZone = (rootPath: string): string | undefined => {
  try {
    return zoneOfLink(readlinkSync(join(rootPath, 'etc/localtime')));
  } catch {
    return undefined;
  }
};

/** Throws for a zone that nobody knows. */
export const zoneOfLink = (target: string): string | undefined => {
  const [, zone] = /zoneinfo\/(?:posix\/|right\/)?([\w+/-]{1,64})$/.exec(target) ?? [];
  if (zone !== undefined) formatOf(zone);
  return zone;
};
