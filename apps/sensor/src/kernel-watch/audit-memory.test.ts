import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, ok, problem } from '@parapet/core';
import type { putAuditBack } from '@parapet/kernel';
import { afterAll, expect, it, vi } from 'vitest';
import { createStateFile } from '../state/state-files.ts';
import { AuditState, auditKey, createAuditMemory } from './audit-memory.ts';

const folder = mkdtempSync(join(tmpdir(), 'audit-memory-'));
afterAll(() => rmSync(folder, { recursive: true }));

const before = { enabled: 0, failure: 1, backlogLimit: 64, backlogWaitTime: 15_000 };
const file = createStateFile(folder, 'audit.json', AuditState);
const memoryIn = (bootId: string, putBack: typeof putAuditBack) =>
  createAuditMemory({ procPath: '/proc', bootId, file, putBack });

it('puts back once what was kept in this boot', async () => {
  const putBack = vi.fn<typeof putAuditBack>(async () => ok(undefined));
  const memory = memoryIn('boot', putBack);
  expect(await memory.settle()).toBeUndefined();
  expect(putBack).not.toHaveBeenCalled();
  expect(await memory.keep(before)).toEqual(ok(undefined));
  expect(await memory.settle()).toBeUndefined();
  expect(await memory.settle()).toBeUndefined();
  expect(putBack.mock.calls).toMatchObject([[{ key: auditKey, left: before, procPath: '/proc' }]]);
});

it('forgets what was set in another boot', async () => {
  const putBack = vi.fn<typeof putAuditBack>(async () => ok(undefined));
  await memoryIn('earlier', putBack).keep(before);
  expect(await memoryIn('boot', putBack).settle()).toBeUndefined();
  expect(putBack).not.toHaveBeenCalled();
  expect(await file.read()).toBeUndefined();
});

it('keeps it for another try where it cannot be put back, and says why', async () => {
  const memory = memoryIn('boot', async () => fail(problem('eperm', 'It needs CAP_AUDIT_CONTROL.')));
  await memory.keep(before);
  expect(await memory.settle()).toContain('It needs CAP_AUDIT_CONTROL.');
  expect(await file.read()).toMatchObject(before);
});

it('says that it cannot read or keep it', async () => {
  const memory = memoryIn('boot', async () => ok(undefined));
  writeFileSync(join(folder, 'audit.json'), 'nonsense');
  expect(await memory.settle()).toContain('audit.json');
  const nowhere = createAuditMemory({
    ...{ procPath: '/proc', bootId: 'boot' },
    file: createStateFile(join(folder, 'missing'), 'audit.json', AuditState),
  });
  expect(await nowhere.keep(before)).toMatchObject({ ok: false, error: { message: expect.stringContaining('kept') } });
});
