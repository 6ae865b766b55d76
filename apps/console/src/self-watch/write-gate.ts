import { AppError } from '@parapet/core';
import type { DiskGuard } from './disk-guard.ts';

/** Where something is written: the state store, or files of the data folder. */
export type WritePlace = 'database' | 'folder';

/**
 * Who may write on a full disk. It is asked by everything that can wait: what sensors send, events, documents of scans, scans
 * to plan, risk, matching, feeds, packages to hand out, figures of heartbeats. Never by what people need to get out of it:
 * signing in, sessions, the audit log, settings, who is there and who is not, retention.
 */
export type WriteGate = {
  readonly isOpen: (place: WritePlace) => boolean;
  /** Resolves at once where it is open, else when it opens. */
  readonly opened: (place: WritePlace) => Promise<void>;
  /** Called each time that something opened or closed. */
  readonly onChange: (listener: () => void) => void;
};

/** For parts that are used without a disk to watch. */
export const alwaysOpen: WriteGate = { isOpen: () => true, opened: async () => undefined, onChange: () => undefined };

export const createWriteGate = (
  guard: Pick<DiskGuard, 'state' | 'onChange'>,
  /** Whether the database lies on the watched disk. */
  holdsDatabase: boolean,
): WriteGate => {
  const listeners: (() => void)[] = [];
  let waiting = Promise.withResolvers<void>();
  const isOpen = (place: WritePlace): boolean => guard.state() !== 'full' || (place === 'database' && !holdsDatabase);
  guard.onChange((state) => {
    if (state !== 'full') {
      waiting.resolve();
      waiting = Promise.withResolvers();
    }
    for (const listener of listeners) listener();
  });
  return {
    isOpen,
    opened: (place) => (isOpen(place) ? Promise.resolve() : waiting.promise),
    onChange: (listener) => void listeners.push(listener),
  };
};

/** Work of a timer that leaves a turn out while the gate is closed; the next turn makes up for it. */
export const whileOpen =
  (gate: WriteGate, place: WritePlace, work: () => Promise<void>): (() => Promise<void>) =>
  async () => {
    if (gate.isOpen(place)) await work();
  };

/** Throws what a person is told who asks for something that cannot be kept now. */
export const requireRoomToWrite = (gate: WriteGate, place: WritePlace): void => {
  if (gate.isOpen(place)) return;
  throw new AppError(
    'disk-full',
    507,
    'The console’s disk is full, so this cannot be kept. Make room, or keep less in Settings, Retention.',
  );
};
