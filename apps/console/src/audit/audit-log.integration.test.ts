import { createManualClock } from '@parapet/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDatabase } from '../database/connect.ts';
import { silentLog } from '../logging/log.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { createAuditLog } from './audit-log.ts';
import type { AuditRecord } from './audit-record.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const refusal = (address: string, details = {}): AuditRecord => ({
  actor: { kind: 'anonymous', name: 'anonymous' },
  action: 'session.create',
  outcome: 'refused',
  address,
  details,
});

test('a flood of refusals is cut and told of; what matters is kept', async () => {
  const clock = createManualClock(1_000_000);
  const audit = createAuditLog({ db: database.db, clock, log: silentLog });
  for (let count = 0; count < 100; count += 1) await audit.record(refusal('192.0.2.1'));
  await audit.record(refusal('192.0.2.2'));
  await audit.record(refusal('192.0.2.1', { lockedNow: true }));
  await audit.record({ ...refusal('192.0.2.1'), outcome: 'succeeded' });
  clock.advance(60_000);
  await audit.record(refusal('192.0.2.3'));
  const rows = await database.db
    .selectFrom('audit_log')
    .select(['action', 'outcome', 'address', 'details'])
    .orderBy('id')
    .execute();
  expect(rows.filter(({ address }) => address === '192.0.2.1')).toHaveLength(22);
  expect(rows.filter(({ address }) => address === '192.0.2.2')).toHaveLength(1);
  expect(rows.filter(({ action }) => action === 'audit.suppressed').map(({ details }) => details['refusals'])).toEqual([
    80,
  ]);
  expect(audit.figures()).toEqual({ failed: 0, suppressed: 80 });
});

test('what cannot be stored is counted and in the log file, and nothing throws', async () => {
  const away = connectDatabase({
    address: { kind: 'socket', socketDir: () => '/nonexistent', port: 1, user: 'x', database: 'x' },
  });
  const logged: unknown[] = [];
  const log = { ...silentLog, error: (fields: unknown) => void logged.push(fields) };
  const audit = createAuditLog({ db: away.db, clock: createManualClock(), log });
  await audit.record(refusal('192.0.2.1'));
  expect(audit.figures().failed).toBe(1);
  expect(logged).toMatchObject([{ entry: { action: 'session.create' } }]);
  await away.close();
});

test('names from outside cannot break the log', async () => {
  const audit = createAuditLog({ db: database.db, clock: createManualClock(), log: silentLog });
  await audit.record({
    ...refusal('a'),
    target: `\u0000${'x'.repeat(5_000)}`,
    details: { name: '\u0000', deep: { a: '\u0000\ud800' } },
  });
  expect(audit.figures().failed).toBe(0);
  const row = await database.db.selectFrom('audit_log').selectAll().where('address', '=', 'a').executeTakeFirst();
  expect(row?.target).toHaveLength(1_024);
  expect(row?.details).toEqual({ name: '\ufffd', deep: { a: '\ufffd\ufffd' } });
});

test('details that are too long are left out, and the entry stays', async () => {
  const audit = createAuditLog({ db: database.db, clock: createManualClock(), log: silentLog });
  await audit.record({ ...refusal('b'), details: { text: '"'.repeat(40_000) } });
  const row = await database.db.selectFrom('audit_log').selectAll().where('address', '=', 'b').executeTakeFirst();
  expect(row?.details).toEqual({ leftOut: expect.stringMatching(/^80\d{3} characters/) });
});
