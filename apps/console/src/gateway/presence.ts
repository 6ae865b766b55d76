import { type Clock, elapsedBy, messageOf } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { ChangeFeed } from '../ingest/change-feed.ts';
import type { Log } from '../logging/log.ts';
import type { WriteGate } from '../self-watch/write-gate.ts';
import { type HeartbeatFigures, storeHeartbeats, storeSilences } from './host-presence.ts';
import type { Refusals } from './refusals.ts';
import { goodbyeCause } from './run-ends.ts';

export type HeartbeatNote = Omit<HeartbeatFigures, 'refusedFrames' | 'seenAt'>;

/** Who is there. All times are the console's. */
export type Presence = {
  /** Reads who was online when the console stopped; they have as long as after any heartbeat to come back. */
  readonly start: () => Promise<void>;
  readonly arrived: (hostId: string) => void;
  readonly heard: (note: HeartbeatNote) => void;
  /** A clean stop, told by the sensor. */
  readonly saidGoodbye: (hostId: string, reason: string) => Promise<void>;
  /** The other end closed the connection without a goodbye; it may come back at once. */
  readonly dropped: (hostId: string) => void;
  /** Revoked or removed: its silence is no news. */
  readonly forget: (hostId: string) => void;
  /** Whether the host was online when the console started and may still be about to come back. */
  readonly isAwaited: (hostId: string) => boolean;
  /** Writes figures and looks for silence; called by a timer, and by tests. */
  readonly tick: () => Promise<void>;
};

/** This many heartbeats may be missed. */
const missedHeartbeats = 3;
/** Hosts marked in one transaction, with all that runs there: some thousands of rows, locked for a moment. */
const silencesAtOnce = 100;

type Watched = {
  readonly seenAtMs: number;
  readonly heardSinceMs: number;
  /** Whether it came since the console was started. */
  readonly returned: boolean;
  /** Whether its last connection was closed by the other end. */
  readonly dropped: boolean;
  readonly goodbye?: Farewell;
};

/** How a sensor that took its leave is shown, and why nothing is seen since. */
type Farewell = { readonly presence: 'stopped' | 'removed'; readonly cause: string };

export const createPresence = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly changes: ChangeFeed;
  readonly refusals: Refusals;
  readonly heartbeatEveryMs: number;
  readonly gate: WriteGate;
  /** Ends the connection of a sensor that fell silent on it. */
  readonly disconnect: (hostId: string) => void;
}): Presence => {
  const { db, clock } = deps;
  const silentAfterMs = deps.heartbeatEveryMs * missedHeartbeats;
  // A clock that is set forwards or backwards makes nobody silent and hides nobody's silence.
  const elapsed = elapsedBy(clock);
  const watched = new Map<string, Watched>();
  let notes = new Map<string, HeartbeatFigures>();
  let ticking = false;

  const tell = (hostId: string): void => deps.changes.publish({ hostId, assetIds: [hostId], kinds: ['presence'] });

  const flush = async (): Promise<void> => {
    // Who comes and goes is stored always; figures of those who are there can wait, and the newest are enough.
    if (!deps.gate.isOpen('database')) return;
    const refused = deps.refusals.takeCounts();
    const taken = notes;
    notes = new Map();
    for (const [hostId, count] of refused) {
      const note = taken.get(hostId);
      if (note !== undefined) taken.set(hostId, { ...note, refusedFrames: count });
    }
    try {
      await storeHeartbeats(db, [...taken.values()]);
      await storeRefused(
        db,
        [...refused].filter(([hostId]) => !taken.has(hostId)),
      );
    } catch (error) {
      // Figures are the last of many alike; the next heartbeat brings newer ones. Refusals are kept.
      for (const [hostId, count] of refused) deps.refusals.putBack(hostId, count);
      deps.log.debug({ error: messageOf(error) }, 'Figures of sensors could not be stored.');
    }
  };

  const fallSilent = async (silent: readonly (readonly [string, Watched])[]): Promise<void> => {
    const changed = await storeSilences(
      db,
      silent.map(([hostId, watch]) => ({
        hostId,
        presence: watch.goodbye?.presence ?? 'unknown',
        since: new Date(watch.seenAtMs),
        cause: watch.goodbye?.cause ?? causeOf(watch),
      })),
    );
    const told = new Set(changed);
    for (const [hostId, watch] of silent) {
      const isSilent = watched.get(hostId) === watch;
      if (isSilent) watched.delete(hostId);
      // Who was heard while the silence was being stored would stay silent for ever: only an arrival ends it.
      if (watch.goodbye === undefined && (isSilent || told.has(hostId))) deps.disconnect(hostId);
      if (told.has(hostId)) tell(hostId);
    }
  };

  return {
    start: async () => {
      const rows = await db
        .selectFrom('sensors')
        .select(['host_id', 'last_seen_at'])
        .where('presence', '=', 'online')
        .execute();
      for (const row of rows) {
        const seenAtMs = row.last_seen_at?.getTime() ?? clock.now();
        watched.set(row.host_id, { seenAtMs, heardSinceMs: elapsed(), returned: false, dropped: false });
      }
    },
    arrived: (hostId) => {
      watched.set(hostId, { seenAtMs: clock.now(), heardSinceMs: elapsed(), returned: true, dropped: false });
      tell(hostId);
    },
    heard: (note) => {
      const now = clock.now();
      watched.set(note.hostId, { seenAtMs: now, heardSinceMs: elapsed(), returned: true, dropped: false });
      notes.set(note.hostId, { ...note, seenAt: new Date(now), refusedFrames: 0 });
    },
    saidGoodbye: async (hostId, reason) => {
      notes.delete(hostId);
      const now = clock.now();
      const presence = reason === 'uninstall' ? 'removed' : 'stopped';
      const goodbye: Farewell = { presence, cause: goodbyeCause(reason) };
      const watch = { seenAtMs: now, heardSinceMs: elapsed(), returned: true, dropped: false, goodbye };
      // Kept until it is stored: should that fail now, the next tick does it.
      watched.set(hostId, watch);
      await fallSilent([[hostId, watch]]);
    },
    dropped: (hostId) => {
      const watch = watched.get(hostId);
      if (watch !== undefined && watch.goodbye === undefined) watched.set(hostId, { ...watch, dropped: true });
    },
    forget: (hostId) => {
      watched.delete(hostId);
      notes.delete(hostId);
    },
    isAwaited: (hostId) => watched.get(hostId)?.returned === false,
    tick: async () => {
      if (ticking) return;
      ticking = true;
      try {
        await flush();
        const now = elapsed();
        const silent = [...watched].filter(
          ([, watch]) => watch.goodbye !== undefined || now - watch.heardSinceMs >= silentAfterMs,
        );
        for (let at = 0; at < silent.length; at += silencesAtOnce)
          await fallSilent(silent.slice(at, at + silencesAtOnce));
        deps.refusals.flush();
      } catch (error) {
        deps.log.debug({ error: messageOf(error) }, 'Presence could not be stored; it is tried again.');
      } finally {
        ticking = false;
      }
    },
  };
};

/** A process that dies leaves a kernel that closes its connections; a host or a network that dies leaves nothing. */
const causeOf = ({ returned, dropped }: Pick<Watched, 'returned' | 'dropped'>): string => {
  if (!returned) return 'The sensor has not come back since the console was started.';
  return dropped
    ? 'The connection was closed from the sensor’s side without a goodbye: the sensor was killed or has crashed, or its host was shut down.'
    : 'Nothing is heard of the sensor any more, and its connection was never closed: the network in between, or the host, is down.';
};

const storeRefused = async (db: Database, refused: readonly (readonly [string, number])[]): Promise<void> => {
  for (const [hostId, count] of refused) {
    await db
      .updateTable('sensors')
      .set((eb) => ({ refused_frames: eb('refused_frames', '+', count) }))
      .where('host_id', '=', hostId)
      .execute();
  }
};
