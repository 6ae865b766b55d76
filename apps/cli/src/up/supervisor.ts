import { existsSync } from 'node:fs';
import type { ChildMessage } from '@parapet/contract/control';
import { type ChildEnd, type ChildHandle, type ChildSpec, startChild } from './child.ts';

export type SupervisorDeps = {
  readonly onMessage: (name: string, message: ChildMessage) => void;
  readonly onRestart: (name: string, reason: string, delayMs: number) => void;
};

/** Keeps one child running: started again after an unexpected end, with growing pauses, given up after too many in a row. */
export type Supervised = {
  readonly ready: Promise<readonly string[]>;
  /** Resolves with a sentence when it was given up. */
  readonly givenUp: Promise<string>;
  readonly pid: () => number | undefined;
  readonly stop: (patienceMs: number) => Promise<void>;
};

/** A child that lived this long is counted as healthy again. */
const healthyAfterMs = 60_000;
const attemptsInARow = 5;
const longestPauseMs = 30_000;

export const supervise = (spec: ChildSpec | (() => Promise<ChildSpec>), deps: SupervisorDeps): Supervised => {
  let current: ChildHandle | undefined;
  let stopping = false;
  let wake = (): void => undefined;
  let giveUp: (sentence: string) => void = () => undefined;
  const givenUp = new Promise<string>((resolve) => {
    giveUp = resolve;
  });
  const first = Promise.withResolvers<readonly string[]>();
  first.promise.catch(() => undefined);

  const run = async (): Promise<void> => {
    let failures = 0;
    let started = false;
    while (!stopping) {
      const resolved = typeof spec === 'function' ? await spec() : spec;
      const startedAt = Date.now();
      const handle = startChild(resolved, (message) => deps.onMessage(resolved.name, message));
      current = handle;
      handle.ready.then(
        (addresses) => {
          started = true;
          first.resolve(addresses);
        },
        (error: unknown) => first.reject(error),
      );
      const end = await handle.exited;
      if (stopping) return;
      // What never came up is a wrong setting, not an accident: say it once instead of trying in circles.
      if (!started)
        return giveUp(
          await handle.ready.then(
            () => '',
            (error: unknown) => String(error),
          ),
        );
      failures = Date.now() - startedAt > healthyAfterMs ? 1 : failures + 1;
      const missing = resolved.folders?.find((folder) => !existsSync(folder));
      if (missing !== undefined) return giveUp(missingSentence(resolved.name, missing));
      const reason = reasonOf(end);
      if (failures > attemptsInARow)
        return giveUp(`The ${resolved.name} ended ${failures} times in a row (${reason}).`);
      const delayMs = Math.min(longestPauseMs, 500 * 2 ** (failures - 1));
      deps.onRestart(resolved.name, reason, delayMs);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, delayMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  run().catch((error: unknown) => {
    first.reject(error);
    giveUp(String(error));
  });
  return {
    ready: first.promise,
    givenUp,
    pid: () => current?.pid,
    stop: async (patienceMs) => {
      stopping = true;
      wake();
      await current?.stop(patienceMs);
    },
  };
};

const reasonOf = (end: ChildEnd): string => {
  if ('signal' in end) return end.signal;
  return 'code' in end ? `exit code ${end.code}` : end.error;
};

const missingSentence = (name: string, folder: string): string =>
  `The ${name} ended, and its folder ${folder} is no longer there: it was removed, or its disk is not mounted. It is not started again, because it would begin with nothing. Put the folder back (a mount, a copy, or a backup by the command restore) and start Parapet anew; started without it, it begins as a new, empty installation.`;
