import type { Hello, RunEndCause } from '@parapet/contract/wire';
import { type Clock, messageOf } from '@parapet/core';
import { createStateFile, RunMarker } from './state-files.ts';

/** This run of the sensor, marked on disk so that the next one knows how it ended. */
export type Run = {
  readonly previous: Hello['previousRun'];
  /** Marks why the run is about to end without a goodbye. */
  readonly failing: (cause: RunEndCause, detail: string) => Promise<void>;
  /** Marks the run as cleanly ended. */
  readonly close: (cause?: RunEndCause) => Promise<void>;
};

/** How often the kernel has ended processes for want of memory, where it counts that. */
export type MemoryKills = { readonly group: number | undefined; readonly host: number | undefined };

/** How exactly the end of a killed run is known. */
const aliveEveryMs = 15_000;
/** A disk that refuses is asked again sooner: what else is kept there waits for it. */
const retryEveryMs = 3000;
const detailLength = 512;

export const openRun = async (
  stateDir: string,
  deps: {
    readonly runId: string;
    readonly bootId: string;
    readonly clock: Clock;
    readonly memoryKills: () => MemoryKills;
    /** Told when the folder begins to refuse, with its words, and when it takes what is written again. */
    readonly onFolder?: (refusal: string | undefined) => void;
  },
): Promise<Run> => {
  const file = createStateFile(stateDir, 'run.json', RunMarker);
  const before = await file.read();
  const killsNow = deps.memoryKills();
  const mark = (clean: boolean, cause?: RunEndCause, detail?: string): Promise<void> => {
    const { group, host } = deps.memoryKills();
    return file.write({
      format: 1,
      runId: deps.runId,
      lastAliveAt: deps.clock.now(),
      clean,
      bootId: deps.bootId,
      ...(group === undefined ? {} : { groupKills: group }),
      ...(host === undefined ? {} : { hostKills: host }),
      ...(cause === undefined ? {} : { cause }),
      ...(detail === undefined ? {} : { detail: detail.slice(0, detailLength) }),
    });
  };
  let refused = false;
  /** A full disk must not end the sensor, nor keep it from starting: the marker then only gets old. */
  const tryMark = async (): Promise<void> => {
    try {
      await mark(false);
      if (refused) deps.onFolder?.(undefined);
      refused = false;
    } catch (error) {
      if (!refused) deps.onFolder?.(messageOf(error));
      refused = true;
    }
  };
  let failing = false;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    timer = setTimeout(
      () => {
        if (!failing) void tryMark().then(next);
      },
      refused ? retryEveryMs : aliveEveryMs,
    );
    timer.unref();
  };
  await tryMark();
  next();
  return {
    previous: before === undefined ? undefined : endOf(before, deps.bootId, killsNow),
    failing: (cause, detail) => {
      failing = true;
      return mark(false, cause, detail);
    },
    close: async (cause) => {
      failing = true;
      clearTimeout(timer);
      await mark(true, cause);
    },
  };
};

const endOf = (before: RunMarker, bootId: string, kills: MemoryKills): NonNullable<Hello['previousRun']> => {
  const cause = before.cause ?? (before.clean ? undefined : causeOf(before, bootId, kills));
  return {
    runId: before.runId,
    end: before.clean ? 'clean' : 'unclean',
    lastAliveAt: before.lastAliveAt,
    ...(cause === undefined ? {} : { cause }),
    ...(before.detail === undefined ? {} : { detail: before.detail }),
  };
};

/** Killed without a word: the kernel's counts tell whether it was for want of memory. They begin anew with the host. */
const causeOf = (before: RunMarker, bootId: string, kills: MemoryKills): RunEndCause | undefined => {
  if (before.bootId !== bootId) return undefined;
  if (hasGrown(before.groupKills, kills.group)) return 'memory-limit';
  return hasGrown(before.hostKills, kills.host) ? 'host-memory' : undefined;
};

const hasGrown = (before: number | undefined, now: number | undefined): boolean =>
  now !== undefined && now > (before ?? now);
