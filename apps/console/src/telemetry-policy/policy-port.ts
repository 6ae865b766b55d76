import type { FollowedPolicy, TelemetryPolicy } from '@parapet/contract/wire';
import { messageOf } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { Log } from '../logging/log.ts';
import { asksHosts, type HostLabels, policyFor } from './host-policy.ts';
import { readPolicy } from './policy-versions.ts';

/** Tells connected sensors what to record, and hears what they follow. */
export type PolicyPort = {
  readonly attach: (hostId: string, followed: FollowedPolicy, send: (policy: TelemetryPolicy) => void) => PolicyLink;
};

export type PolicyLink = {
  readonly heard: (followed: FollowedPolicy) => void;
  readonly detach: () => void;
};

export type PolicyDesk = AsyncDisposable & {
  readonly port: PolicyPort;
  /** The policy was changed. */
  readonly changed: () => void;
};

/** Sensors that come together are looked at together. */
const gatherMs = 20;
/** Labels of hosts change on many ways, so what they ask for is looked at anew now and then; and what failed is tried again. */
const lookEveryMs = 30_000;

type Connected = {
  readonly send: (policy: TelemetryPolicy) => void;
  /** The digest that it follows or was sent last. */
  digest: string;
  /** What it said last, as text. */
  told: string;
};

export const createPolicyDesk = (deps: {
  readonly db: Database;
  readonly live: LiveFeed;
  readonly log: Log;
  readonly lookEveryMs?: number;
}): PolicyDesk => {
  const { db, live, log } = deps;
  const connected = new Map<string, Connected>();
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();

  /** Sends each connected sensor its policy where that is another one than it has. */
  const look = async (): Promise<void> => {
    if (connected.size === 0) return;
    const { rules } = await readPolicy(db);
    const labels = asksHosts(rules) ? await readLabels(db, [...connected.keys()]) : undefined;
    const forAll = policyFor(rules, {});
    for (const [hostId, sensor] of connected) {
      const own = labels?.get(hostId);
      const policy = own === undefined ? forAll : policyFor(rules, own);
      if (policy.digest === sensor.digest) continue;
      sensor.send(policy);
      sensor.digest = policy.digest;
    }
  };
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      working = working
        .then(look)
        .catch((error: unknown) =>
          log.warn({ error: messageOf(error) }, 'The telemetry policy could not be sent yet.'),
        );
    }, gatherMs);
  };
  const regularly = setInterval(soon, deps.lookEveryMs ?? lookEveryMs);
  regularly.unref();

  const store = async (hostId: string, followed: FollowedPolicy): Promise<void> => {
    await db
      .updateTable('sensors')
      .set({ telemetry_policy: JSON.stringify(followed) })
      .where('host_id', '=', hostId)
      .execute();
    live.publish({ kind: 'sensors', hostId });
  };

  return {
    port: {
      attach: (hostId, followed, send) => {
        const sensor: Connected = { send, digest: followed.digest, told: JSON.stringify(followed) };
        connected.set(hostId, sensor);
        soon();
        return {
          heard: (now) => {
            const told = JSON.stringify(now);
            if (told === sensor.told) return;
            sensor.told = told;
            store(hostId, now).catch((error: unknown) => {
              // The next heartbeat says it again.
              sensor.told = '';
              log.debug({ hostId, error: messageOf(error) }, 'What a sensor follows could not be stored yet.');
            });
          },
          detach: () => {
            if (connected.get(hostId) === sensor) connected.delete(hostId);
          },
        };
      },
    },
    changed: soon,
    [Symbol.asyncDispose]: async () => {
      clearInterval(regularly);
      clearTimeout(timer);
      connected.clear();
      await working;
    },
  };
};

/** Labels of hosts; one that is not there has none. */
export const readLabels = async (
  db: Database,
  hostIds: readonly string[],
): Promise<ReadonlyMap<string, HostLabels>> => {
  const { rows } = await sql<{ id: string; labels: HostLabels }>`
    select id, effective_labels as labels from assets where id = any(${hostIds}::uuid[])`.execute(db);
  return new Map(rows.map(({ id, labels }) => [id, labels]));
};
