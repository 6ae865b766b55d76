import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSbom } from '../create-sbom.ts';
import { boltDatabase } from '../testing/bolt.ts';
import { tarOf } from '../testing/tar.ts';
import { imageNamesOf } from './image-names.ts';
import { openLocalImage } from './open-local-image.ts';

const stanza = (name: string): string =>
  `Package: ${name}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n`;
const digestOf = (content: string | Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parapet-local-images-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, content: string | Buffer): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
};

const packagesOf = async (name: string): Promise<readonly string[]> => {
  const opened = await openLocalImage(name, { roots: [root] });
  if (!opened.ok) throw new Error(`${opened.error.code}: ${opened.error.message}`);
  await using fileSystem = opened.value.fileSystem;
  const { problems, store } = opened.value;
  const sbom = await createSbom({ target: { kind: 'image', name }, fileSystem, problems });
  expect(sbom.status).toBe('succeeded');
  return [store, ...sbom.packages.map((found) => `${found.name} ${found.layer?.slice(0, 9) ?? ''}`.trim())];
};

describe('the names of an image', () => {
  it.each([
    ['app', ['app', 'docker.io/library/app:latest', 'localhost/app:latest']],
    ['team/app:2', ['team/app:2', 'docker.io/team/app:2', 'localhost/team/app:2']],
    ['quay.io/team/app:2', ['quay.io/team/app:2', 'localhost/team/app:2']],
    ['Not A Name', ['Not A Name']],
  ])('%s', (name, names) => expect(imageNamesOf(name)).toEqual(names));
});

describe('containerd', () => {
  const lower = tarOf([{ path: 'var/lib/dpkg/status', content: stanza('lower') }]);
  const upper = tarOf([{ path: 'var/lib/dpkg/status', content: stanza('upper') }]);
  const config = JSON.stringify({
    os: 'linux',
    architecture: 'amd64',
    rootfs: { diff_ids: [digestOf(lower), digestOf(upper)] },
  });
  const manifest = JSON.stringify({
    config: { digest: digestOf(config) },
    layers: [{ digest: digestOf(lower) }, { digest: digestOf(upper) }],
  });
  const chain = digestOf(`${digestOf(lower)} ${digestOf(upper)}`);

  const writeStore = (blobs: readonly (string | Buffer)[]): void => {
    const image = { target: { digest: digestOf(manifest), size: Buffer.from([1]) } };
    const snapshots = { overlayfs: { [chain]: { name: 'k8s.io/2/top' } } };
    write(
      'io.containerd.metadata.v1.bolt/meta.db',
      boltDatabase({
        v1: { default: { images: {} }, 'k8s.io': { images: { 'docker.io/library/app:1': image }, snapshots } },
      }),
    );
    for (const blob of blobs) write(`io.containerd.content.v1.content/blobs/${digestOf(blob).replace(':', '/')}`, blob);
  };

  it('by its content', async () => {
    writeStore([manifest, config, lower, upper]);
    expect(await packagesOf('app:1')).toEqual(['containerd (k8s.io)', 'upper']);
  });

  it('by its unpacked folders where the layers were thrown away', async () => {
    writeStore([manifest, config]);
    const home = 'io.containerd.snapshotter.v1.overlayfs';
    write(
      `${home}/metadata.db`,
      boltDatabase({
        v1: {
          snapshots: {
            'k8s.io/1/low': { id: Buffer.from([1]) },
            'k8s.io/2/top': { id: Buffer.from([2]), parent: 'k8s.io/1/low' },
          },
        },
      }),
    );
    write(`${home}/snapshots/1/fs/var/lib/dpkg/status`, stanza('lower'));
    write(`${home}/snapshots/1/fs/etc/os-release`, 'ID=debian\nVERSION_ID=12\n');
    write(`${home}/snapshots/2/fs/var/lib/dpkg/status`, stanza('upper'));
    expect(await packagesOf('docker.io/library/app:1')).toEqual(['containerd (k8s.io)', 'upper']);
  });

  it('says what is missing or broken', async () => {
    writeStore([manifest, config]);
    write('io.containerd.snapshotter.v1.overlayfs/metadata.db', boltDatabase({ v1: { snapshots: {} } }));
    await expect(packagesOf('app:1')).rejects.toThrow('missing-blob');
    await expect(packagesOf('other:1')).rejects.toThrow('no-image');
    write('io.containerd.metadata.v1.bolt/meta.db', 'no database');
    await expect(packagesOf('app:1')).rejects.toThrow('broken-database');
  });
});

describe('Podman', () => {
  const id = (digit: string): string => digit.repeat(64);
  const images = [{ id: id('a'), names: ['localhost/app:1'], layer: id('2') }];
  const layers = [
    { id: id('1'), 'diff-digest': `sha256:${id('b')}` },
    { id: id('2'), parent: id('1'), 'diff-digest': `sha256:${id('c')}` },
  ];

  const writeStore = (driver: 'overlay' | 'vfs'): void => {
    write(`${driver}-images/images.json`, JSON.stringify(images));
    write(`${driver}-layers/layers.json`, JSON.stringify(layers));
  };

  it('by the layers of its overlay', async () => {
    writeStore('overlay');
    write(`overlay/${id('1')}/diff/var/lib/dpkg/status`, stanza('lower'));
    write(
      `overlay/${id('1')}/diff/srv/package-lock.json`,
      '{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1"}}}',
    );
    write(`overlay/${id('2')}/diff/var/lib/dpkg/status`, stanza('upper'));
    expect(await packagesOf('app:1')).toEqual(['Podman', 'upper', 'a sha256:bb']);
    expect(await packagesOf(id('a').slice(0, 12))).toHaveLength(3);
  });

  it('by the whole root that vfs keeps', async () => {
    writeStore('vfs');
    write(`vfs/dir/${id('2')}/var/lib/dpkg/status`, stanza('whole'));
    expect(await packagesOf('localhost/app:1')).toEqual(['Podman', 'whole']);
  });

  it('says what is missing or broken', async () => {
    writeStore('overlay');
    await expect(packagesOf('other:1')).rejects.toThrow('no-image');
    write('overlay-layers/layers.json', JSON.stringify(layers.slice(1)));
    await expect(packagesOf('app:1')).rejects.toThrow('missing-blob');
    write('overlay-layers/layers.json', JSON.stringify([{ id: id('2'), parent: id('2') }]));
    await expect(packagesOf('app:1')).rejects.toThrow('missing-blob');
    write('overlay-images/images.json', JSON.stringify([{ id: '../../etc', layer: '../x' }]));
    await expect(packagesOf('app:1')).rejects.toThrow('broken-store');
  });
});
