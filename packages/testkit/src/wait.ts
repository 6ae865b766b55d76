import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again until the answer is there; the limit is only there so that a broken product ends the test. Throws with `what` and the last error. */
export const eventually = async <T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  limitMs = 180_000,
): Promise<T> => {
  const until = Date.now() + limitMs;
  let lastError: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      lastError = error;
    }
    await sleep(100);
  } while (Date.now() < until);
  throw new Error(`Not within ${limitMs / 1000} s: ${what}`, { cause: lastError });
};
