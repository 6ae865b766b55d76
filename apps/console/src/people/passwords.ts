import { hash, verify } from '@node-rs/argon2';
import { unavailable } from '@parapet/core';

export type Passwords = {
  readonly hash: (password: string) => Promise<string>;
  /** Takes as long when there is no hash (an unknown person) as when there is one. */
  readonly verify: (password: string, storedHash: string | undefined) => Promise<boolean>;
};

/** argon2id, 19 MiB, two passes, one lane: the first choice of OWASP's cheat sheet. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Each takes 19 MiB and a thread of the pool that files are read with, so a flood of sign-ins must not take all. */
const maxAtOnce = 2;
const maxWaiting = 64;

export const createPasswords = (): Passwords => {
  const turn = createTurnstile(maxAtOnce, maxWaiting);
  let decoy: Promise<string> | undefined;
  return {
    hash: (password) => turn(() => hash(password, cost)),
    verify: (password, storedHash) =>
      turn(async () => {
        if (storedHash !== undefined) return verify(storedHash, password);
        decoy ??= hash('no password has this hash', cost);
        await verify(await decoy, password);
        return false;
      }),
  };
};

/** Lets `atOnce` pieces of work run; who waits inherits the place of who is done. */
const createTurnstile = (atOnce: number, waitingLimit: number) => {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running < atOnce) running += 1;
    else if (waiting.length < waitingLimit) await new Promise<void>((resolve) => waiting.push(resolve));
    else throw unavailable('busy', 'Too many people sign in at this moment. Try again in some seconds.');
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
};
