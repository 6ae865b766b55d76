import type { Clock } from '@parapet/core';

const quietMs = 60_000;
/** What is remembered as told. Beyond it the oldest is forgotten and told once more: too many entries, never too few. */
const maxRemembered = 5000;

/** Whether the same was written down within the last minute; if not, it counts as written down now. */
export const createQuietRecord = (clock: Clock): ((key: string) => boolean) => {
  const told = new Map<string, number>();
  return (key) => {
    const now = clock.now();
    if (now - (told.get(key) ?? Number.NEGATIVE_INFINITY) < quietMs) return true;
    told.delete(key);
    told.set(key, now);
    for (const oldest of told.keys()) {
      if (told.size <= maxRemembered) break;
      told.delete(oldest);
    }
    return false;
  };
};
