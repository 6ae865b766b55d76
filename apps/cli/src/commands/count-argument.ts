import { InvalidArgumentError } from 'commander';

/** A whole number from 1 to `most` as an option gives it. Throws what commander turns into a message. */
export const countUpTo =
  (most: number) =>
  (text: string): number => {
    const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (count < 1 || count > most) throw new InvalidArgumentError(`Give a number from 1 to ${most}.`);
    return count;
  };
