import { createManualClock } from '@parapet/core';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Database } from '../database/database.ts';
import { silentLog } from '../logging/log.ts';
import { alwaysOpen } from '../self-watch/write-gate.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { createPresence } from './presence.ts';
import { createRefusals } from './refusals.ts';

test('a fleet that stays away after a start of the console is marked a hundred at a time, but for those who are back', async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const clock = createManualClock(Date.now());
  const seenAt = new Date(clock.now());
  await insertFleet(db, 230, seenAt);
  const hosts = await db.selectFrom('sensors').select('host_id').orderBy('host_id').execute();
  const counted = countTransactions(db);
  const told = new Set<string>();
  const disconnected = new Set<string>();
  const presence = createPresence({
    ...{ db: counted.db, clock, log: silentLog, gate: alwaysOpen, heartbeatEveryMs: 10_000 },
    changes: { publish: ({ hostId }) => told.add(hostId), onChange: () => {}, stop: () => {} },
    refusals: createRefusals({ audit: { record: async () => {} }, clock }),
    disconnect: (hostId) => disconnected.add(hostId),
  });
  await presence.start();
  clock.advance(31_000);
  // One is heard here, another by a second console.
  const [here = '', elsewhere = '', ...away] = hosts.map(({ host_id }) => host_id);
  presence.arrived(here);
  const now = new Date(clock.now());
  await db.updateTable('sensors').set({ last_seen_at: now }).where('host_id', '=', elsewhere).execute();
  await presence.tick();

  expect(counted.transactions()).toBe(3);
  const { rows } = await sql<Seen>`
    select s.host_id as id, s.presence, h.status as host, c.status as container, b.started_at as "blindSince", b.ended_at as "blindTo"
    from sensors s join assets h on h.id = s.host_id join assets c on c.host_id = s.host_id
      left join blind_intervals b on b.host_id = s.host_id`.execute(db);
  expect(rows).toHaveLength(230);
  for (const row of rows)
    if (row.id === here || row.id === elsewhere)
      expect(row).toMatchObject({ presence: 'online', host: 'running', container: 'running', blindSince: null });
    else expect(row).toMatchObject({ presence: 'unknown', host: 'unknown', container: 'unknown', blindSince: seenAt });
  expect(told).toEqual(new Set([here, ...away]));
  expect(disconnected).toEqual(new Set([elsewhere, ...away]));
  await presence.tick();
  expect(counted.transactions()).toBe(3);
});

test('who is heard while its silence is being stored has to come anew, since only an arrival ends that', async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const clock = createManualClock(Date.now());
  await insertFleet(db, 1, new Date(clock.now()));
  const { host_id: hostId } = await db.selectFrom('sensors').select('host_id').executeTakeFirstOrThrow();
  const disconnected: string[] = [];
  const presence = createPresence({
    ...{ db, clock, log: silentLog, gate: alwaysOpen, heartbeatEveryMs: 10_000 },
    changes: { publish: () => {}, onChange: () => {}, stop: () => {} },
    refusals: createRefusals({ audit: { record: async () => {} }, clock }),
    disconnect: (id) => disconnected.push(id),
  });
  await presence.start();
  clock.advance(31_000);
  let ticked: Promise<void> = Promise.resolve();
  await db.transaction().execute(async (holder) => {
    await holder.selectFrom('sensors').select('host_id').forUpdate().execute();
    ticked = presence.tick();
    await expect
      .poll(
        async () =>
          (
            await sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
              db,
            )
          ).rows.length,
        {
          timeout: 180_000,
        },
      )
      .toBeGreaterThan(0);
    presence.arrived(hostId);
  });
  await ticked;
  const { presence: stored } = await db.selectFrom('sensors').select('presence').executeTakeFirstOrThrow();
  expect({ stored, disconnected }).toEqual({ stored: 'unknown', disconnected: [hostId] });
});

type Seen = {
  readonly id: string;
  readonly presence: string;
  readonly host: string;
  readonly container: string;
  readonly blindSince: Date | null;
};

/** Hosts that were online when the console stopped, each with a container. */
const insertFleet = async (db: Database, count: number, seenAt: Date): Promise<void> => {
  await sql`
    with hosts as (
      insert into assets (id, kind, key, name, status, zone, first_seen_at, last_seen_at)
      select gen_random_uuid(), 'host', 'host', 'host-' || n, 'running', 'default', ${seenAt}, ${seenAt}
      from generate_series(1, ${count}::int) n returning id),
    containers as (
      insert into assets (id, kind, host_id, key, name, status, first_seen_at, last_seen_at)
      select gen_random_uuid(), 'container', id, 'docker:a', 'web', 'running', ${seenAt}, ${seenAt} from hosts)
    insert into sensors (host_id, version, presence, presence_since, last_seen_at, enrolled_at, enrolment, certificate_serial)
    select id, '0.1.0', 'online', ${seenAt}, ${seenAt}, ${seenAt}, 'new', id::text from hosts`.execute(db);
};

const countTransactions = (db: Database): { readonly db: Database; readonly transactions: () => number } => {
  let transactions = 0;
  const counted = new Proxy(db, {
    get: (target, name) => {
      if (name === 'transaction') transactions += 1;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { db: counted, transactions: () => transactions };
};
