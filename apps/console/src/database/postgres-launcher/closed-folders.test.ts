import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { closedFolders } from './closed-folders.ts';

let top = '';
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'ppt-closed-'));
});
afterEach(() => rm(top, { recursive: true, force: true }));

it('names the folders that a user may not pass, outermost first', async () => {
  const folder = join(top, 'open/closed/group');
  await mkdir(folder, { recursive: true });
  const modes = { '': 0o700, open: 0o711, 'open/closed': 0o766, 'open/closed/group': 0o710 };
  for (const [path, mode] of Object.entries(modes)) await chmod(join(top, path), mode);
  const { uid, gid } = await stat(folder);
  const closedTo = async (user: { readonly uid: number; readonly gid: number }): Promise<readonly string[]> =>
    (await closedFolders(folder, user)).filter((path) => path.startsWith(top));
  const stranger = { uid: uid + 1, gid: gid + 1 };
  expect(await closedTo(stranger)).toEqual([top, join(top, 'open/closed'), folder]);
  expect(await closedTo({ ...stranger, gid })).toEqual([top, join(top, 'open/closed')]);
  expect(await closedTo({ ...stranger, uid })).toEqual([]);
});

it('says nothing of a folder that is not there', async () => {
  expect((await closedFolders(join(top, 'nothing'), { uid: 1, gid: 1 })).includes(join(top, 'nothing'))).toBe(false);
});
