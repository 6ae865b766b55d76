import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBulkSpool } from './bulk-spool.ts';

const limits = { spoolBytes: 1000, reserveBytes: 0 };
const host = randomUUID();
const beginOf = (transferId: string, content: Buffer, sizeBytes = content.length) => ({
  kind: 'bulk-begin' as const,
  transferId,
  taskId: 'task',
  content: 'sbom' as const,
  sizeBytes,
  sha256: createHash('sha256').update(content).digest('hex'),
});

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ppt-spool-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('room is given by the sizes documents will have, and comes back with each that is done', async () => {
  const spool = createBulkSpool(dir, limits);
  const first = await spool.open(host, beginOf('a', Buffer.alloc(600)));
  expect(await spool.open(host, beginOf('b', Buffer.alloc(600)))).toBe('full');
  const small = await spool.open(host, beginOf('c', Buffer.alloc(300)));
  if (first === 'full' || small === 'full') throw new Error('There is room.');
  await first.append(Buffer.alloc(600));
  expect(await first.finish()).toEqual(Buffer.alloc(600));
  await first.discard();
  const second = await spool.open(host, beginOf('b', Buffer.alloc(600)));
  if (second === 'full') throw new Error('There is room again.');
  await Promise.all([small.close(), second.close()]);
});

test('of several that ask at once only as many get room as there is', async () => {
  const spool = createBulkSpool(dir, limits);
  const asked = ['a', 'b', 'c', 'd'].map((id) => spool.open(host, beginOf(id, Buffer.alloc(400))));
  const opened = await Promise.all(asked);
  expect(opened.filter((transfer) => transfer === 'full')).toHaveLength(2);
  for (const transfer of opened) if (transfer !== 'full') await transfer.close();
});

test('what an earlier console left counts, goes on where it was, and is forgotten after a day', async () => {
  const before = await createBulkSpool(dir, limits).open(host, beginOf('a', Buffer.alloc(800)));
  if (before === 'full') throw new Error('There is room.');
  await before.append(Buffer.alloc(700));
  await before.close();
  const spool = createBulkSpool(dir, limits);
  expect(await spool.open(host, beginOf('b', Buffer.alloc(400)))).toBe('full');
  const again = await spool.open(host, beginOf('a', Buffer.alloc(800)));
  if (again === 'full') throw new Error('It has its room already.');
  expect(again.offset()).toBe(700);
  await again.close();
  const old = new Date(Date.now() - 25 * 3_600_000);
  for (const name of await readdir(dir)) await utimes(join(dir, name), old, old);
  await spool.clean(Date.now());
  expect(await readdir(dir)).toEqual([]);
  const other = await spool.open(host, beginOf('b', Buffer.alloc(400)));
  if (other === 'full') throw new Error('There is room again.');
  await other.close();
});
