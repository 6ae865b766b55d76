import { createManualClock } from '@parapet/core';
import { expect, test } from 'vitest';
import type { AuditRecord } from '../audit/audit-record.ts';
import { createHuntAudit } from './hunt-audit.ts';

const ada = { kind: 'user', id: '1', name: 'ada' } as const;
const query = (q: string) => ({ q, since: '2026-11-28T10:00:00Z', until: '2026-11-28T11:00:00Z' });

const openAudit = () => {
  const entries: AuditRecord[] = [];
  const clock = createManualClock(1_000_000);
  const record = async (entry: AuditRecord): Promise<void> => void entries.push(entry);
  const huntAudit = createHuntAudit({ audit: { record }, clock });
  return {
    entries,
    clock,
    hunt: (q: string, caller = ada) => huntAudit.record({ caller, address: 'a', query: query(q) }),
  };
};

test('a hunt is one entry a minute, however often it is asked', async () => {
  const { entries, clock, hunt } = openAudit();
  for (let page = 0; page < 5; page += 1) await hunt('user.id = 0');
  expect(entries).toMatchObject([
    { action: 'hunt.search', actor: { kind: 'user', name: 'ada' }, details: query('user.id = 0') },
  ]);
  clock.advance(60_000);
  await hunt('user.id = 0');
  expect(entries).toHaveLength(2);
});

test('another text and another person are entries of their own', async () => {
  const { entries, hunt } = openAudit();
  await hunt('a');
  await hunt('b');
  await hunt('a', { ...ada, id: '2' } as never);
  expect(entries).toHaveLength(3);
});

test('remembers a bounded number, and rather tells twice than not at all', async () => {
  const { entries, hunt } = openAudit();
  for (let count = 0; count <= 5000; count += 1) await hunt(`user.id = ${count}`);
  await hunt('user.id = 0');
  expect(entries).toHaveLength(5002);
});
