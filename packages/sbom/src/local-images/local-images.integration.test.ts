import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeWith, programOf, root, startContainerd, type TestContainerd } from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSbom } from '../create-sbom.ts';
import { dockerArchive } from '../testing/image.ts';
import { tarOf } from '../testing/tar.ts';
import { containerdReader, containersStorageReader, type StoredImage, type StoreReader } from './contents.ts';
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

const packagesOf = async (store: string, name = 'sample:1'): Promise<readonly string[]> => {
  const opened = await openLocalImage(name, { roots: [store] });
  if (!opened.ok) throw new Error(`${opened.error.code}: ${opened.error.message}`);
  await using fileSystem = opened.value.fileSystem;
  const sbom = await createSbom({
    target: { kind: 'image', name },
    fileSystem,
    problems: opened.value.problems,
  });
  expect(sbom).toMatchObject({ status: 'succeeded', distribution: { id: 'debian' } });
  return [opened.value.store, ...sbom.packages.map(({ name }) => name)];
};

/** The one image that a store lists. */
const imageIn = async (reader: StoreReader): Promise<StoredImage> => {
  const read = await reader.read();
  if (!read.ok) throw new Error(`${read.error.code}: ${read.error.message}`);
  expect(read.value.problems).toEqual([]);
  const [image, ...others] = read.value.images;
  expect(others).toEqual([]);
  if (image === undefined) throw new Error('no image is listed');
  return image;
};

describeWith([root, programOf('containerd'), programOf('ctr')], 'the store of a real containerd', () => {
  let folder = '';
  let containerd: TestContainerd;

  beforeAll(async () => {
    folder = createFolder();
    containerd = await startContainerd();
    await containerd.ctr('images', 'import', join(folder, 'image.tar'));
  });
  afterAll(async () => {
    await containerd.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lists its images with their names, sizes and identity, by which they are opened', async () => {
    const image = await imageIn(containerdReader(containerd.root));
    expect(image).toMatchObject({ tags: ['docker.io/library/sample:1'], architecture: 'amd64' });
    expect(image.repoDigests).toEqual([expect.stringMatching(/^docker\.io\/library\/sample@sha256:[0-9a-f]{64}$/)]);
    expect(image.sizeBytes).toBeGreaterThan(0);
    expect(image.storedAt).toBeGreaterThan(Date.parse('2026-01-01'));
    expect(await packagesOf(containerd.root, image.configDigest)).toEqual(['containerd (default)', 'upper']);
  });

  it('is read while it runs, by its content and by what it unpacked', async () => {
    const store = containerd.root;
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
    const store = join(folder, driver);
    expect(await packagesOf(store)).toEqual(['Podman', 'upper']);
    const image = await imageIn(containersStorageReader(store));
    expect(image).toMatchObject({ architecture: 'amd64', tags: [expect.stringMatching(/\/sample:1$/)] });
    expect(image.sizeBytes).toBeGreaterThan(0);
    expect(await packagesOf(store, image.configDigest)).toEqual(['Podman', 'upper']);
  });

  it('lists its containers with the image they were made from, and notices new ones', async () => {
    const reader = containersStorageReader(join(folder, 'overlay'));
    const before = await reader.stamp();
    const network = ['--network', 'none', '--name', 'one'];
    const made = await podman('overlay', 'overlay', 'create', ...network, 'sample:1', '/bin/none');
    expect(await reader.stamp()).not.toEqual(before);
    const image = await imageIn(reader);
    const read = await reader.read();
    expect(read.ok && read.value.containers).toMatchObject([
      { id: made.stdout.trim(), name: 'one', imageName: image.tags[0], configDigest: image.configDigest },
    ]);
    const upperDir = read.ok ? (read.value.containers[0]?.upperDir ?? '') : '';
    expect(statSync(upperDir).isDirectory()).toBe(true);
  });
});
