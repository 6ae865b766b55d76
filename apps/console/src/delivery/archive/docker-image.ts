import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Architecture } from '../delivery-job.ts';
import { type StagedFile, versionsDir } from './stage.ts';
import { foldersAbove, type TarItem, tarBytes, tarOf } from './write-package.ts';

/** What Docker calls the image. */
export const imageName = (version: string): string => `parapet-sensor:${version}`;

/** Where a container of it finds the host's file system. */
export const hostRoot = '/host';
const stateDir = '/var/lib/parapet/sensor';

/**
 * The entries of an archive that `docker load` reads: one layer, the image's description, and the list of both (Docker Image
 * Specification 1.2; its configuration is what OCI took over). There is no shell in the image, so nothing can run in it but
 * the sensor.
 */
export const imageItems = async (
  image: {
    readonly version: string;
    readonly architecture: Architecture;
    readonly id: string;
    readonly folder: string;
  },
  files: readonly StagedFile[],
): Promise<readonly TarItem[]> => {
  const root = versionsDir.slice(1);
  const layer: TarItem[] = [
    ...foldersAbove([`${root}/${image.folder}/x`, `${stateDir.slice(1)}/x`, 'host/x', 'run/x', 'tmp/x', 'etc/x']),
    ...folderItems(join(root, image.folder), files),
    { kind: 'link', path: 'opt/parapet-sensor/current', target: `versions/${image.folder}` },
    { kind: 'link', path: 'var/run', target: '../run' },
    textItem('etc/passwd', 'root:x:0:0:root:/:/sbin/nologin\n'),
    textItem('etc/group', 'root:x:0:\n'),
  ];
  const hash = createHash('sha256');
  for await (const chunk of tarOf(layer)) hash.update(chunk);
  const diffId = hash.digest('hex');
  const config = JSON.stringify(configOf(image, diffId));
  const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
  const list = [{ Config: configName, RepoTags: [imageName(image.version)], Layers: [`${diffId}/layer.tar`] }];
  return [
    textItem(configName, config),
    { kind: 'folder', path: diffId },
    // Packed as it is read: a layer is as large as all its files.
    streamItem(`${diffId}/layer.tar`, layer),
    textItem('manifest.json', JSON.stringify(list)),
  ];
};

const configOf = (
  image: {
    readonly version: string;
    readonly architecture: Architecture;
    readonly id: string;
    readonly folder: string;
  },
  diffId: string,
) => {
  const dir = `${versionsDir}/${image.folder}`;
  return {
    architecture: image.architecture === 'x64' ? 'amd64' : 'arm64',
    os: 'linux',
    // No time: the same content makes the same image.
    created: '1970-01-01T00:00:00Z',
    config: {
      Entrypoint: [
        `${dir}/bin/node`,
        ...['--max-semi-space-size=1', '--max-old-space-size=64'],
        '--disable-warning=ExperimentalWarning',
        `${dir}/sensor.js`,
      ],
      Env: [
        `PARAPET_STATE_DIR=${stateDir}`,
        `PARAPET_HOST_ROOT=${hostRoot}`,
        'PARAPET_CONTAINER=1',
        'MALLOC_ARENA_MAX=1',
      ],
      WorkingDir: '/',
      Volumes: { [stateDir]: {} },
      StopSignal: 'SIGTERM',
      Labels: {
        'org.opencontainers.image.title': 'Parapet sensor',
        'org.opencontainers.image.version': image.version,
        'org.opencontainers.image.revision': image.id,
        'org.opencontainers.image.licenses': 'Apache-2.0',
      },
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: `parapet ${image.version}-${image.id}` }],
  };
};

const folderItems = (folder: string, files: readonly StagedFile[]): readonly TarItem[] => {
  const inside = files.map((file): TarItem => ({ kind: 'file', ...file, path: join(folder, file.path) }));
  const above = foldersAbove(inside.map(({ path }) => path)).filter(({ path }) => path.startsWith(`${folder}/`));
  return [...above, ...inside];
};

const textItem = (path: string, text: string): TarItem => ({
  ...{ kind: 'file', path, mode: 0o644, sizeBytes: Buffer.byteLength(text) },
  content: { kind: 'text', text },
});

const streamItem = (path: string, items: readonly TarItem[]): TarItem => ({
  ...{ kind: 'file', path, mode: 0o644, sizeBytes: tarBytes(items) },
  content: { kind: 'tar', items },
});
