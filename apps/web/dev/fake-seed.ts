/** FAKE: the same invented words and numbers on every start. */
import { createHash } from 'node:crypto';

/** The same id for the same words. */
export const idOf = (...words: readonly unknown[]): string => {
  const hex = createHash('sha256').update(words.join('|')).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** A number between 0 and 1 that depends on the words only. */
export const chance = (...words: readonly unknown[]): number =>
  Number.parseInt(createHash('sha256').update(words.join('~')).digest('hex').slice(0, 8), 16) / 0xffffffff;

export const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();
export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

export const pick = <T>(list: readonly T[], ...words: readonly unknown[]): T =>
  list[Math.floor(chance(...words) * list.length * 0.9999)] as T;
