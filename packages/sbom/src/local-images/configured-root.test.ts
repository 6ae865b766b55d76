import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ok } from '@parapet/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  configuredReader,
  configuredRoot,
  containerdSetting,
  containersStorageSetting,
  type StoreSetting,
} from './configured-root.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parapet-configured-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  chmodSync(join(root, path), mode);
};
const folder = (path: string, mode = 0o700): string => {
  mkdirSync(join(root, path), { recursive: true });
  chmodSync(join(root, path), mode);
  return join(root, path);
};

const containerd = '/etc/containerd/config.toml';
const storage = '/etc/containers/storage.conf';

describe('the folder that a setting names', () => {
  it.each<[string, StoreSetting, string, string]>([
    [
      'containerd’s',
      containerdSetting,
      containerd,
      'version = 3\nroot = "/data/store" # not /var\n[grpc]\nroot = "/x"\n',
    ],
    ['one in single quotes', containerdSetting, containerd, "  root='/data/store/'"],
    ['Podman’s', containersStorageSetting, storage, '[storage]\ndriver = "overlay"\ngraphroot = "/data/store"\n'],
    [
      'one among others',
      containersStorageSetting,
      storage,
      '[ storage ]\n#graphroot = "/a"\ngraphroot="/data/./store"',
    ],
  ])('is found: %s', async (_, setting, path, text) => {
    const there = folder('data/store');
    write(path, text);
    expect(await configuredRoot(setting, root)).toBe(there);
  });

  it.each<[string, StoreSetting, string, string]>([
    ['of another table', containerdSetting, containerd, '[plugins]\nroot = "/data/store"'],
    ['in a comment', containersStorageSetting, storage, '[storage]\n# graphroot = "/data/store"'],
    ['that is relative', containerdSetting, containerd, 'root = "data/store"'],
    ['that is not there', containerdSetting, containerd, 'root = "/data/other"'],
    ['that is no string', containerdSetting, containerd, 'root = 7'],
    ['of a file that is too long', containerdSetting, containerd, `${'#'.repeat(1024 * 1024)}\nroot = "/data/store"`],
  ])('is none: %s', async (_, setting, path, text) => {
    folder('data/store');
    write(path, text);
    expect(await configuredRoot(setting, root)).toBeUndefined();
  });

  it('is that of the first file alone', async () => {
    const there = folder('data/store');
    write('/usr/share/containers/storage.conf', '[storage]\ngraphroot = "/data/store"');
    expect(await configuredRoot(containersStorageSetting, root)).toBe(there);
    write(storage, '[storage]\ndriver = "overlay"');
    expect(await configuredRoot(containersStorageSetting, root)).toBeUndefined();
  });

  it('is not taken where others could write to the file or to the store', async () => {
    const there = folder('data/store');
    write(containerd, 'root = "/data/store"', 0o666);
    expect(await configuredRoot(containerdSetting, root)).toBeUndefined();
    chmodSync(join(root, containerd), 0o644);
    expect(await configuredRoot(containerdSetting, root)).toBe(there);
    chmodSync(there, 0o777);
    expect(await configuredRoot(containerdSetting, root)).toBeUndefined();
  });
});

it('a reader follows the setting, and leaves usual places to their own', async () => {
  const made: string[] = [];
  const reader = configuredReader(
    (path) => {
      made.push(path);
      return {
        root: path,
        stamp: async () => ok(path),
        read: async () => ({ ok: false, error: { code: 'x', message: path } }),
      };
    },
    { setting: containerdSetting, rootPath: root, usual: [join(root, 'usual')] },
  );
  expect(await reader.stamp()).toMatchObject({ error: { code: 'not-found' } });
  const [one, two] = [folder('one'), folder('two')];
  folder('usual');
  write(containerd, 'root = "/one"');
  expect(await reader.stamp()).toEqual(ok(one));
  expect(reader.root).toBe(one);
  expect(await reader.read()).toMatchObject({ error: { message: one } });
  expect(await reader.stamp()).toEqual(ok(one));
  write(containerd, 'root = "/two"');
  expect(await reader.stamp()).toEqual(ok(two));
  write(containerd, 'root = "/usual"');
  expect(await reader.stamp()).toMatchObject({ error: { code: 'not-found' } });
  expect(await reader.read()).toMatchObject({ error: { code: 'not-found' } });
  expect(made).toEqual([one, two]);
});
