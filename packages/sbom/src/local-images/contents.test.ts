import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boltDatabase } from '../testing/bolt.ts';
import { containerdReader, containersStorageReader, type StoreReader } from './contents.ts';

const digestOf = (content: string | Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parapet-stores-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, content: string | Buffer): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
};
const contentsOf = async (reader: StoreReader) => {
  const read = await reader.read();
  if (!read.ok) throw new Error(`${read.error.code}: ${read.error.message}`);
  return read.value;
};

describe('what containerd holds', () => {
  const config = JSON.stringify({
    ...{ os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch, created: '2026-03-04T05:06:07Z' },
    config: { Labels: { team: 'web' } },
    rootfs: { diff_ids: [digestOf('low'), digestOf('high')] },
  });
  const manifest = JSON.stringify({
    config: { digest: digestOf(config) },
    layers: [
      { digest: digestOf('packed low'), size: 30 },
      { digest: digestOf('packed high'), size: 12 },
    ],
  });
  const target = { target: { digest: digestOf(manifest) } };
  const absent = { target: { digest: digestOf('of another platform') } };
  const chain = digestOf(`${digestOf('low')} ${digestOf('high')}`);
  /** 2026-01-02T03:04:05.006Z as Go writes it. */
  const createdat = Buffer.from('010000000ee0e9f2450062c080ffff', 'hex').subarray(0, 15);
  createdat.writeBigInt64BE(BigInt(Date.parse('2026-01-02T03:04:05Z') / 1000) + 62_135_596_800n, 1);
  createdat.writeInt32BE(6_000_000, 9);

  const writeStore = (snapshots = true): void => {
    const image = { ...target, createdat };
    const container = (image: string, labels: Record<string, string>) => ({ image, snapshotKey: 'c', labels });
    const names = { 'docker.io/library/app:1': image, 'docker.io/library/app:latest': image };
    write(
      'io.containerd.metadata.v1.bolt/meta.db',
      boltDatabase({
        v1: {
          'k8s.io': {
            images: { ...names, [digestOf(config)]: image, 'quay.io/other:2': absent },
            containers: {
              a1: container(digestOf(config), {
                'io.kubernetes.pod.name': 'shop-1',
                'io.kubernetes.container.name': 'web',
              }),
              a2: container('gone:1', { 'nerdctl/name': 'tool' }),
            },
            snapshots: { overlayfs: { [chain]: { name: 'k8s.io/2/high' }, c: { name: 'k8s.io/3/c' } } },
          },
          moby: { images: { 'docker.io/library/hidden:1': image }, containers: { d: container('x', {}) } },
        },
      }),
    );
    for (const blob of [manifest, config])
      write(`io.containerd.content.v1.content/blobs/${digestOf(blob).replace(':', '/')}`, blob);
    if (!snapshots) return;
    const size = (bytes: number): Buffer => Buffer.from([0x80 | (bytes & 0x7f), bytes >> 7]);
    write(
      'io.containerd.snapshotter.v1.overlayfs/metadata.db',
      boltDatabase({
        v1: {
          snapshots: {
            'k8s.io/1/low': { id: Buffer.from([1]), size: size(1000) },
            'k8s.io/2/high': { id: Buffer.from([2]), parent: 'k8s.io/1/low', size: size(234) },
            'k8s.io/3/c': { id: Buffer.from([9]), parent: 'k8s.io/2/high' },
          },
        },
      }),
    );
  };

  it('is one image whatever its names, and its containers by the names of Kubernetes', async () => {
    writeStore();
    const contents = await contentsOf(containerdReader(root));
    expect(contents.images).toEqual([
      {
        configDigest: digestOf(config),
        tags: ['docker.io/library/app:1', 'docker.io/library/app:latest'],
        repoDigests: [`docker.io/library/app@${digestOf(manifest)}`],
        sizeBytes: 1234,
        createdAt: Date.parse('2026-03-04T05:06:07Z'),
        storedAt: Date.parse('2026-01-02T03:04:05.006Z'),
        architecture: process.arch === 'x64' ? 'amd64' : process.arch,
        labels: { team: 'web' },
      },
    ]);
    expect(contents.containers).toMatchObject([
      {
        ...{ id: 'a1', name: 'shop-1/web', imageName: 'docker.io/library/app:1', configDigest: digestOf(config) },
        upperDir: join(root, 'io.containerd.snapshotter.v1.overlayfs/snapshots/9/fs'),
      },
      { id: 'a2', name: 'tool', imageName: 'gone:1' },
    ]);
    expect(contents.containers[1]?.configDigest).toBeUndefined();
    // That image is not there for this machine.
    expect(contents.problems).toMatchObject([{ code: 'missing-blob', at: 'quay.io/other:2' }]);
  });

  it('has the size of its archives where it is not unpacked', async () => {
    writeStore(false);
    expect((await contentsOf(containerdReader(root))).images).toMatchObject([{ sizeBytes: 42 }]);
  });

  it('is not there, or is broken', async () => {
    expect(await containerdReader(root).stamp()).toMatchObject({ error: { code: 'not-found' } });
    writeStore();
    const reader = containerdReader(root);
    const stamp = await reader.stamp();
    expect(await reader.stamp()).toEqual(stamp);
    write('io.containerd.metadata.v1.bolt/meta.db', 'no database');
    expect(await reader.stamp()).not.toEqual(stamp);
    await expect(contentsOf(reader)).rejects.toThrow('broken-database');
  });
});

describe('what Podman and CRI-O hold', () => {
  const id = (digit: string): string => digit.repeat(64);
  const config = '{"architecture":"arm64","created":"2026-03-04T05:06:07Z","config":{"Labels":null}}';
  const image = id('a');
  const names = ['localhost/app:1', `localhost/app@${digestOf('other')}`];
  const images = [
    { ...{ id: image, digest: digestOf('manifest'), names, layer: id('2'), created: '2026-05-06T07:08:09.1234Z' } },
    { id: id('b'), layer: id('2') },
  ];
  const layers = [
    { id: id('1'), 'diff-size': 30 },
    { id: id('2'), parent: id('1'), 'diff-size': 4 },
  ];
  const containers = [
    { id: id('c'), names: ['web'], image, layer: id('3'), metadata: '{"image-name":"localhost/app:1"}' },
    { id: id('d'), image: id('e'), layer: '../x', metadata: '{"pod-name":"shop-1","name":"k8s_web"}' },
    { id: id('f'), image, metadata: 'no JSON' },
  ];
  const withConfig = { ...images[0], 'big-data-names': [`sha256:${image}`] };

  const writeStore = (listed: readonly unknown[] = [withConfig, images[1]]): void => {
    write('overlay-images/images.json', JSON.stringify(listed));
    write('overlay-layers/layers.json', JSON.stringify(layers));
    write(`overlay-images/${image}/=${Buffer.from(`sha256:${image}`).toString('base64')}`, config);
  };

  it('is images with their layers’ sizes, and containers with their images', async () => {
    writeStore();
    const reader = containersStorageReader(root);
    expect((await contentsOf(reader)).containers).toEqual([]);
    const before = await reader.stamp();
    write('overlay-containers/containers.json', JSON.stringify(containers));
    expect(await reader.stamp()).not.toEqual(before);
    const contents = await contentsOf(reader);
    expect(contents.engine).toBe('cri-o');
    expect(contents.images).toEqual([
      {
        ...{ configDigest: `sha256:${image}`, tags: ['localhost/app:1'], sizeBytes: 34, architecture: 'arm64' },
        repoDigests: [`localhost/app@${digestOf('other')}`, `localhost/app@${digestOf('manifest')}`],
        createdAt: Date.parse('2026-03-04T05:06:07Z'),
        storedAt: Date.parse('2026-05-06T07:08:09.123Z'),
        labels: {},
      },
    ]);
    expect(contents.containers).toEqual([
      {
        ...{ id: id('c'), name: 'web', imageName: 'localhost/app:1', configDigest: `sha256:${image}`, labels: {} },
        upperDir: join(root, 'overlay', id('3'), 'diff'),
      },
      { id: id('d'), name: 'k8s_web', imageName: '', labels: { 'io.kubernetes.pod.name': 'shop-1' } },
      { id: id('f'), name: '', imageName: 'localhost/app:1', configDigest: `sha256:${image}`, labels: {} },
    ]);
    expect(contents.problems).toMatchObject([{ code: 'no-config' }]);
  });

  it('is not there, or is broken', async () => {
    expect(await containersStorageReader(root).stamp()).toMatchObject({ error: { code: 'not-found' } });
    writeStore();
    write('overlay-containers/containers.json', '[{"id":"../x"}]');
    await expect(contentsOf(containersStorageReader(root))).rejects.toThrow('broken-store');
  });

  it('outlives whatever its files say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.json(), async (listed, more) => {
        writeStore();
        write('overlay-images/images.json', listed);
        write('overlay-containers/containers.json', more);
        await containersStorageReader(root).read();
      }),
      { numRuns: 60, seed: 4 },
    );
  });
});
