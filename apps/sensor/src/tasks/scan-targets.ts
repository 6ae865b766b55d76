import { createWriteStream } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ScanTarget } from '@parapet/contract/wire';
import { fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';
import type { DockerApi } from '../collectors/docker/docker-api.ts';
import type { DockerImage } from '../collectors/docker/schema.ts';
import type { StoredWorkloads } from '../collectors/stored-workloads.ts';
import { findContainerProcess } from '../proc/container-root.ts';
import type { ScanJob } from './scan-job.ts';

/** What to scan, and how to clear away what was made for it. */
export type ResolvedTarget = Pick<ScanJob, 'target' | 'source'> & { readonly release: () => Promise<void> };

/** Finds the files of a target; `workPath` may be used for a large temporary file. */
export type TargetResolver = (target: ScanTarget, workPath: string) => Promise<Result<ResolvedTarget, Problem>>;

export const createTargetResolver =
  (deps: {
    readonly rootPath: string;
    readonly procPath: string;
    readonly docker: DockerApi | undefined;
    readonly stored: Pick<StoredWorkloads, 'image'>;
  }): TargetResolver =>
  async (target, workPath) => {
    if (target.kind === 'host') {
      return ok(fromFolders({ kind: 'host', name: hostname() || 'localhost' }, [deps.rootPath]));
    }
    if (target.kind === 'container') return resolveContainer(deps, target.containerKey);
    return resolveImage(deps, target.imageKey, workPath);
  };

/** Of Docker, and what it has not, of the stores of other engines. */
const resolveImage = async (
  deps: {
    readonly rootPath: string;
    readonly docker: DockerApi | undefined;
    readonly stored: Pick<StoredWorkloads, 'image'>;
  },
  key: string,
  workPath: string,
): Promise<Result<ResolvedTarget, Problem>> => {
  if (!/^sha256:[0-9a-f]{64}$/.test(key)) return fail(problem('bad-key', `"${key}" names no image.`));
  const place = deps.stored.image(key);
  const fromDocker =
    deps.docker === undefined
      ? fail(problem('no-runtime', 'This sensor has no Docker to ask.'))
      : await resolveDockerImage(deps.docker, deps.rootPath, key, workPath);
  if (fromDocker.ok || place === undefined) return fromDocker;
  const source = { kind: 'store', root: place.root, configDigest: key } as const;
  return ok({ target: { kind: 'image', name: place.name }, source, release: async () => {} });
};

const resolveDockerImage = async (
  docker: DockerApi,
  rootPath: string,
  key: string,
  workPath: string,
): Promise<Result<ResolvedTarget, Problem>> => {
  const image = await docker.image(key);
  if (!image.ok) return image;
  const target = { kind: 'image', name: image.value.RepoTags?.[0] ?? key } as const;
  const folders = layerFolders(image.value.GraphDriver, rootPath);
  if (folders !== undefined) return ok(fromFolders(target, folders, image.value));
  // Layers that lie elsewhere than in overlay folders: Docker hands them out as an archive.
  const exported = await exportImage(docker, key, workPath);
  if (!exported.ok) return exported;
  const release = (): Promise<void> => rm(workPath, { force: true });
  return ok({ target, source: { kind: 'archive', path: workPath }, release });
};

const resolveContainer = async (
  deps: { readonly rootPath: string; readonly procPath: string; readonly docker: DockerApi | undefined },
  key: string,
): Promise<Result<ResolvedTarget, Problem>> => {
  const [, runtime, id] = /^(docker|containerd|podman|cri-o|unknown):([0-9a-f]{64})$/.exec(key) ?? [];
  if (id === undefined) return fail(problem('bad-key', `"${key}" names no container.`));
  if (runtime !== 'docker' || deps.docker === undefined) return fromProcess(deps.procPath, id, id.slice(0, 12));
  const container = await deps.docker.container(id);
  if (!container.ok) return container;
  const { GraphDriver, Image, Name } = container.value;
  const name = Name.replace(/^\//, '');
  const folders = layerFolders(GraphDriver, deps.rootPath);
  // Kept by another storage driver, or by the image store of containerd.
  if (folders === undefined) return fromProcess(deps.procPath, id, name);
  // Without its image, which may be gone, packages lack their layers and nothing else.
  const image = await deps.docker.image(Image);
  return ok(fromFolders({ kind: 'container', name }, folders, image.ok ? image.value : undefined));
};

/** By the root of a process in it, which shows the same files whatever the runtime keeps them with. */
const fromProcess = (procPath: string, id: string, name: string): Result<ResolvedTarget, Problem> => {
  const process = findContainerProcess(procPath, id);
  if (process === undefined) {
    return fail(
      problem('not-running', 'Nothing of the container runs that may be looked into, and its storage is not known.'),
    );
  }
  const source = { kind: 'process', procPath, ...process } as const;
  return ok({ target: { kind: 'container', name }, source, release: async () => {} });
};

const fromFolders = (target: ScanJob['target'], folders: string[], image?: DockerImage): ResolvedTarget => ({
  target,
  source: { kind: 'folders', folders, layerDigests: layerDigestsOf(image?.RootFS?.Layers ?? [], folders.length) },
  release: async () => {},
});

/**
 * The digests of an image's layers for the folders of an overlay. Docker lists layers from the lowest, folders from the
 * uppermost; a container has folders of its own above those of its image. With fewer folders than layers nobody knows which is which.
 */
export const layerDigestsOf = (layers: readonly string[], folders: number): (string | null)[] =>
  layers.length > folders ? [] : [...Array<null>(folders - layers.length).fill(null), ...layers.toReversed()];

/** Overlay layers, the uppermost first. Docker names them as the host does. */
const layerFolders = (driver: DockerImage['GraphDriver'], rootPath: string): string[] | undefined => {
  if (driver?.Name !== 'overlay2' && driver?.Name !== 'overlay') return undefined;
  const upper = driver.Data['UpperDir'] ?? '';
  const lower = (driver.Data['LowerDir'] ?? '').split(':');
  const folders = [upper, ...lower].filter((folder) => folder.startsWith('/')).map((folder) => join(rootPath, folder));
  return folders.length === 0 ? undefined : folders;
};

const exportBytes = 8 * 1024 ** 3;
/** Never the last of the disk. */
const reserveBytes = 1024 ** 3;

const exportImage = async (docker: DockerApi, key: string, path: string): Promise<Result<undefined, Problem>> => {
  const stream = await docker.exportImage(key);
  if (!stream.ok) return stream;
  try {
    const disk = await statfs(path.slice(0, path.lastIndexOf('/')));
    const room = Math.min(exportBytes, disk.bavail * disk.bsize - reserveBytes);
    await pipeline(stream.value, limitTo(room), createWriteStream(path, { mode: 0o600, flags: 'wx' }));
    return ok(undefined);
  } catch (error) {
    stream.value.destroy();
    await rm(path, { force: true });
    return fail(problem('export', `The image could not be exported from Docker: ${messageOf(error)}`));
  }
};

const limitTo = (bytes: number): Transform => {
  let left = bytes;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      left -= chunk.length;
      if (left < 0) done(new Error('it needs more room than there is in the state folder'));
      else done(null, chunk);
    },
  });
};
