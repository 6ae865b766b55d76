import type { Clock } from '@parapet/core';
import { messageOf } from '@parapet/core';
import type { Log } from '../logging/log.ts';
import type { DiskState } from './disk.ts';
import { createReserveFile, reserveBytesFor } from './reserve-file.ts';

export type DiskSpace = { readonly freeBytes: number; readonly totalBytes: number };

/** Watches the file system of the data folder and acts before it is full. */
export type DiskGuard = AsyncDisposable & {
  /** As last seen. */
  readonly state: () => DiskState;
  /** Of what is usable, 0 to 1; the reserve counts as used even while it is given away. */
  readonly usedShare: () => number;
  /** What must be freed for the disk to count as ok again; 0 while it does. */
  readonly excessBytes: () => number;
  readonly reserve: () => { readonly bytes: number; readonly held: boolean };
  /** Looks now and acts on it. */
  readonly look: () => Promise<DiskState>;
  readonly onChange: (listener: (state: DiskState) => void) => void;
  /** Looks for the first time, makes the reserve and goes on looking. */
  readonly start: () => Promise<void>;
};

/**
 * From 85 % on it is said, from 95 % on nothing more is taken from sensors. Each state is left 2 % below where it began, so
 * that it does not flap around its edge.
 */
export const diskLimits = { tight: 0.85, full: 0.95, slack: 0.02 } as const;
const lookEveryMs = 2_000;

export const createDiskGuard = (deps: {
  readonly root: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly space: () => Promise<DiskSpace>;
}): DiskGuard => {
  const { log } = deps;
  const file = createReserveFile(deps.root);
  const listeners: ((state: DiskState) => void)[] = [];
  let state: DiskState = 'ok';
  let share = 0;
  let reserveBytes = 0;
  let usableBytes = 0;
  let looking: Promise<DiskState> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const change = (next: DiskState): void => {
    if (next === state) return;
    log[next === 'ok' ? 'info' : 'warn']({ from: state, to: next, usedShare: share }, 'the disk is fuller or emptier');
    state = next;
    for (const listener of listeners) listener(next);
  };

  const examine = async (): Promise<DiskState> => {
    const { freeBytes, totalBytes } = await deps.space();
    usableBytes = totalBytes;
    reserveBytes = reserveBytesFor(totalBytes);
    const missing = file.isHeld() ? 0 : reserveBytes;
    share = totalBytes === 0 ? 0 : Math.min(1, Math.max(0, 1 - (freeBytes - missing) / totalBytes));
    const next = nextState(state, share);
    // PostgreSQL gets it before its own writes fail.
    if (next === 'full' && file.isHeld() && freeBytes < reserveBytes) {
      await file.release();
      log.warn({ bytes: reserveBytes }, 'the disk is nearly full: the reserve was given to the database');
    }
    if (next !== 'full' && !file.isHeld()) {
      try {
        await file.make(reserveBytes);
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'the reserve on the disk could not be made; it is tried again');
        if (state === 'full') return state;
      }
    }
    change(next);
    return next;
  };

  const look = (): Promise<DiskState> => {
    looking ??= examine().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  return {
    state: () => state,
    usedShare: () => share,
    excessBytes: () =>
      state === 'ok' ? 0 : Math.ceil(Math.max(0, share - (diskLimits.tight - diskLimits.slack)) * usableBytes),
    reserve: () => ({ bytes: reserveBytes, held: file.isHeld() }),
    look,
    onChange: (listener) => void listeners.push(listener),
    start: async () => {
      await file.open();
      await look().catch((error: unknown) => log.warn({ error: messageOf(error) }, 'the disk could not be looked at'));
      timer = setInterval(() => {
        look().catch((error: unknown) => log.debug({ error: messageOf(error) }, 'the disk could not be looked at'));
      }, lookEveryMs);
      timer.unref();
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await looking?.catch(() => undefined);
    },
  };
};

/** Going up at once, going down only with slack. */
const nextState = (state: DiskState, share: number): DiskState => {
  if (share >= diskLimits.full - (state === 'full' ? diskLimits.slack : 0)) return 'full';
  if (share >= diskLimits.tight - (state === 'ok' ? 0 : diskLimits.slack)) return 'tight';
  return 'ok';
};
