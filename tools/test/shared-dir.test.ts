import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeSharedDir } from './shared-dir.ts';

it('only their user may write into the folders of compiled code', async () => {
  await using shared = await makeSharedDir();
  const dir = join(shared.env['PARAPET_TEST_SHARED_DIR'] ?? '', 'compiled');
  expect((await stat(dir)).mode & 0o777).toBe(0o755);
  const users = await readdir(dir);
  expect(users).toEqual(process.getuid?.() === 0 ? ['0', '65534'] : [String(process.getuid?.())]);
  for (const user of users) {
    const { mode, uid } = await stat(join(dir, user));
    expect([mode & 0o7777, uid]).toEqual([0o700, Number(user)]);
  }
  expect(shared.env['NODE_COMPILE_CACHE']).toBe(join(dir, String(process.getuid?.())));
});
