import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@parapet/core';
import type { PowerCut } from '@parapet/testkit/power-cut';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createAuthority } from '../authority/authority.ts';
import { readCredentials, writeCredentials } from '../authority/key-files.ts';
import { createBulkSpool } from '../tasks/bulk-spool.ts';
import { openDataFolder } from './data-folder.ts';

const shared = vi.hoisted(() => ({ cut: undefined as PowerCut | undefined }));
vi.mock('node:fs/promises', async (original) => {
  const { createPowerCut } = await import('@parapet/testkit/power-cut');
  shared.cut = createPowerCut();
  return shared.cut.wrap(await original());
});

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ppt-data-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hostId = '00000000-0000-4000-8000-000000000001';
const content = Buffer.from('a list of packages that comes in three parts');
const begin = {
  kind: 'bulk-begin',
  transferId: '00000000-0000-4000-8000-000000000002',
  taskId: '00000000-0000-4000-8000-000000000003',
  content: 'sbom',
  sizeBytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
} as const;

test('the power goes at any moment: keys that were used are there, the folder opens, a document goes on where it is', async () => {
  const { cut } = shared;
  if (cut === undefined) throw new Error('Files are not recorded.');
  cut.watch(folder);
  const root = join(folder, 'lib/parapet');
  const opened = await openDataFolder(root, '0.1.0');
  const authority = await createAuthority({ keysDir: opened.keysDir, clock: systemClock });
  cut.mark('authority used');
  const web = await authority.issueServer(['console.example'], 1);
  await writeCredentials(join(opened.keysDir, 'web.pem'), web);
  cut.mark('certificate used');
  const spool = createBulkSpool(join(root, 'spool'));
  const transfer = await spool.open(hostId, begin);
  if (transfer === 'full') throw new Error('There is no room for the test.');
  await transfer.append(content.subarray(0, 10));
  await transfer.append(content.subarray(10, 30));
  await transfer.sync();
  cut.mark('30 bytes confirmed');
  await transfer.append(content.subarray(30));
  await transfer.close();
  await opened[Symbol.asyncDispose]();

  const states = await cut.replay(async (disk, mark) => {
    const found = await openDataFolder(join(disk, 'lib/parapet'), '0.1.0');
    const again = await createAuthority({ keysDir: found.keysDir, clock: systemClock });
    if (mark !== undefined) expect(again.pin).toBe(authority.pin);
    const credentials = await readCredentials(join(found.keysDir, 'web.pem'));
    if (mark !== undefined && mark !== 'authority used') expect(credentials).toEqual(web);
    const resumed = await createBulkSpool(join(found.root, 'spool')).open(hostId, begin);
    if (resumed === 'full') throw new Error('There is no room for the test.');
    const at = resumed.offset();
    expect(at).toBeLessThanOrEqual(content.length);
    await resumed.append(content.subarray(at));
    // What the cut tore is found by the hash, and sent anew.
    const whole = await resumed.finish();
    if (whole !== undefined) expect(whole).toEqual(content);
    await resumed.discard();
    await found[Symbol.asyncDispose]();
  });
  expect(states).toBeGreaterThan(40);
});
