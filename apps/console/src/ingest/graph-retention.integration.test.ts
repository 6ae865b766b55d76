import { defaultRetention } from '@parapet/contract/api';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { silentLog } from '../logging/log.ts';
import { enforceRetention } from '../retention/feature.ts';
import { playHost } from '../testing/played-host.ts';
import {
  containerRecord,
  edgeRecord,
  hostRecord,
  imageRecord,
  listenerRecord,
  processRecord,
} from '../testing/records.ts';
import { createTestDatabase } from '../testing/test-database.ts';

const graphDaysMs = defaultRetention.graphDays * 86_400_000;
const t0 = Date.UTC(2026, 0, 1);

test('what ended before the time that can be drawn goes, what lasts stays however old', async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const host = await playHost(db, { nowMs: t0 });
  const at = { nowMs: t0 + 1000 };
  const old = { startedAt: t0 };
  const ended = { startedAt: t0, endedAt: t0 + 500 };
  const address = (last: number) => ({ kind: 'address' as const, address: `10.0.0.${last}` });
  await host.snapshot(
    [
      hostRecord(),
      imageRecord('sha256:kept'),
      imageRecord('sha256:gone'),
      containerRecord('docker:kept', { ...old, imageDigest: 'sha256:kept' }),
      containerRecord('docker:gone', { ...old, imageDigest: 'sha256:gone' }),
      processRecord('1:1', old),
      processRecord('2:1', { ...ended, containerKey: 'docker:gone' }),
      listenerRecord(1, old),
      edgeRecord('kept', { ...old, lastSeenAt: t0, peer: address(1) }),
      edgeRecord('gone', { ...old, lastSeenAt: t0, peer: address(2), containerKey: 'docker:gone' }),
    ],
    at,
  );
  await host.send(
    [
      imageRecord('sha256:gone', { endedAt: t0 + 500 }),
      containerRecord('docker:gone', { ...ended, imageDigest: 'sha256:gone', state: 'removed' }),
      listenerRecord(2, ended),
      edgeRecord('gone', { ...ended, lastSeenAt: t0 + 500, peer: address(2), containerKey: 'docker:gone' }),
    ],
    at,
  );
  const count = async (table: string): Promise<number> =>
    (await sql<{ count: number }>`select count(*) as count from ${sql.table(table)}`.execute(db)).rows[0]?.count ?? 0;
  const tables = ['assets', 'asset_intervals', 'processes', 'listeners', 'edges', 'edge_reports', 'edge_intervals'];
  const counts = async () => Promise.all(tables.map(count));
  expect(await counts()).toEqual([5, 5, 2, 2, 2, 2, 2]);
  const prune = (nowMs: number) =>
    enforceRetention({ db, log: silentLog, now: new Date(nowMs) }, defaultRetention, AbortSignal.timeout(60_000));
  expect(await prune(t0 + graphDaysMs)).toBe(0);
  await prune(t0 + graphDaysMs + 60_000);
  expect(await counts()).toEqual([3, 3, 1, 1, 1, 1, 1]);
  const names = await db.selectFrom('assets').select('key').orderBy('key').execute();
  expect(names.map((row) => row.key)).toEqual(['docker:kept', 'host', 'sha256:kept']);
});
