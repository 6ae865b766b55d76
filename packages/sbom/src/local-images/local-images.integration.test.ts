import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeWith, eventually, programOf, root } from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSbom } from '../create-sbom.ts';
import { dockerArchive } from '../testing/image.ts';
import { tarOf } from '../testing/tar.ts';
import { openLocalImage } from './open-local-image.ts';

const run = promisify(execFile);

const stanza = (name: string): string =>
  `Package: ${name}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n`;

const lower = tarOf([
  { path: 'etc/os-release', content: 'ID=debian\nVERSION_ID=12\n' },
  { path: 'var/lib/dpkg/status', content: stanza('lower') },
  {
    path: 'srv/a/package-lock.json',
    content: '{"lockfileVersion":3,"packages":{"node_modules/gone":{"version":"1"}}}',
  },
]);
const upper = tarOf([
  { path: 'var/lib/dpkg/status', content: stanza('upper') },
  { path: 'srv/a/.wh.package-lock.json' },
]);

/** Everything is below one folder, which is removed at the end. */
const createFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'parapet-store-'));
  writeFileSync(join(folder, 'image.tar'), dockerArchive([lower, upper]));
  return folder;
};

const packagesOf = async (store: string): Promise<readonly string[]> => {
  const opened = await openLocalImage('sample:1', { roots: [store] });
  if (!opened.ok) throw new Error(`${opened.error.code}: ${opened.error.message}`);
  await using fileSystem = opened.value.fileSystem;
  const sbom = await createSbom({
    target: { kind: 'image', name: 'sample:1' },
    fileSystem,
    problems: opened.value.problems,
  });
  expect(sbom).toMatchObject({ status: 'succeeded', distribution: { id: 'debian' } });
  return [opened.value.store, ...sbom.packages.map(({ name }) => name)];
};

describeWith([root, programOf('containerd'), programOf('ctr')], 'the store of a real containerd', () => {
  let folder = '';
  let daemon: ChildProcess | undefined;
  const ctr = (...args: readonly string[]) =>
    run('ctr', ['--address', join(folder, 'socket'), ...args], { timeout: 60_000 });

  beforeAll(async () => {
    folder = createFolder();
    writeFileSync(
      join(folder, 'config.toml'),
      `version = 2\nroot = "${folder}/root"\nstate = "${folder}/state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "${folder}/socket"\n`,
    );
    daemon = spawn('containerd', ['--config', join(folder, 'config.toml'), '--log-level', 'error'], {
      stdio: 'ignore',
    });
    await eventually('containerd answers', () => ctr('version'));
    await ctr('images', 'import', join(folder, 'image.tar'));
  });

  afterAll(async () => {
    const ended = new Promise((resolve) => daemon?.once('exit', resolve));
    daemon?.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  it('is read while it runs, by its content and by what it unpacked', async () => {
    const store = join(folder, 'root');
    expect(await packagesOf(store)).toEqual(['containerd (default)', 'upper']);
    const blobs = join(store, 'io.containerd.content.v1.content/blobs/sha256');
    // The layers are the only large ones; Kubernetes can be told to throw them away.
    const layers = readdirSync(blobs).filter((name) => statSync(join(blobs, name)).size >= 2048);
    expect(layers).toHaveLength(2);
    for (const name of layers) rmSync(join(blobs, name));
    expect(await packagesOf(store)).toEqual(['containerd (default)', 'upper']);
  });
});

describeWith([root, programOf('podman')], 'the store of a real Podman', () => {
  let folder = '';
  const podman = (store: string, driver: string, ...args: readonly string[]) =>
    run(
      'podman',
      ['--root', join(folder, store), '--runroot', join(folder, 'run'), '--storage-driver', driver, ...args],
      {
        timeout: 180_000,
      },
    );

  beforeAll(() => {
    folder = createFolder();
  });
  afterAll(async () => {
    // The overlay's own home is a mount.
    await run('umount', [join(folder, 'overlay', 'overlay')]).catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(['overlay', 'vfs'])('is read as %s', async (driver) => {
    await podman(driver, driver, 'load', '--input', join(folder, 'image.tar'));
    expect(await packagesOf(join(folder, driver))).toEqual(['Podman', 'upper']);
  });
});
