import type { Clock } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { SensorSession } from './sensor-session.ts';

/** The open connections of sensors, one for each host. */
export type SessionRegistry = {
  /**
   * Makes a session the host's only one. An older one is asked whether it lives: a dead one is dropped; a living one gives
   * way, which is what a sensor behind a changed network wants. When two keep taking it from each other, a certificate was
   * copied: that is audited, and the newcomer waits.
   */
  readonly claim: (session: SensorSession) => Promise<boolean>;
  readonly release: (session: SensorSession) => void;
  readonly find: (hostId: string) => SensorSession | undefined;
  readonly count: () => number;
  readonly all: () => readonly SensorSession[];
};

const probeMs = 2000;
const watchMs = 10 * 60_000;
/** So many living connections displaced within the time are no accident. */
const suspiciousFrom = 3;
const auditEveryMs = 3_600_000;
const maxWatched = 10_000;

export const createSessionRegistry = (deps: { readonly clock: Clock; readonly audit: AuditLog }): SessionRegistry => {
  const sessions = new Map<string, SensorSession>();
  const claims = new Map<string, Promise<boolean>>();
  const displaced = new Map<string, { times: number[]; auditedAtMs: number }>();

  const noteDisplaced = (session: SensorSession, older: SensorSession): boolean => {
    const now = deps.clock.now();
    const watch = displaced.get(session.hostId) ?? { times: [], auditedAtMs: Number.NEGATIVE_INFINITY };
    watch.times = [...watch.times.filter((time) => time > now - watchMs), now].slice(-suspiciousFrom);
    displaced.delete(session.hostId);
    displaced.set(session.hostId, watch);
    const [oldest] = displaced.keys();
    if (displaced.size > maxWatched && oldest !== undefined) displaced.delete(oldest);
    const suspicious = watch.times.length >= suspiciousFrom;
    if (suspicious && now - watch.auditedAtMs > auditEveryMs) {
      watch.auditedAtMs = now;
      void deps.audit.record({
        actor: { kind: 'sensor', name: session.hostId },
        action: 'sensor.clone-suspected',
        outcome: 'refused',
        target: session.hostId,
        address: session.address,
        details: {
          message: 'Two living sensors connect with one certificate in turn. Revoke it and enrol both anew.',
          serial: session.serial,
          otherAddress: older.address,
        },
      });
    }
    return suspicious;
  };

  const claim = async (session: SensorSession): Promise<boolean> => {
    const older = sessions.get(session.hostId);
    if (older !== undefined && older !== session) {
      const lives = await older.probe(probeMs);
      if (lives && noteDisplaced(session, older)) return false;
      if (lives) older.close('duplicate-connection', 'A newer connection of this sensor took over.', false);
      else older.terminate();
    }
    sessions.set(session.hostId, session);
    return true;
  };

  return {
    claim: (session) => {
      // One after the other, so that two newcomers do not both displace the same older session.
      const before = claims.get(session.hostId) ?? Promise.resolve(true);
      const mine = before.then(() => claim(session));
      claims.set(session.hostId, mine);
      const forget = (): void => {
        if (claims.get(session.hostId) === mine) claims.delete(session.hostId);
      };
      mine.then(forget, forget);
      return mine;
    },
    release: (session) => {
      if (sessions.get(session.hostId) === session) sessions.delete(session.hostId);
    },
    find: (hostId) => sessions.get(hostId),
    count: () => sessions.size,
    all: () => [...sessions.values()],
  };
};
