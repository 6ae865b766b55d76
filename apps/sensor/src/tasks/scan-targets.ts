import { hostname } from 'node:os';
import type { ScanTarget } from '@parapet/contract/wire';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import type { DockerApi } from '../collectors/docker/docker-api.ts';
import type { DockerImage } from '../collectors/docker/schema.ts';
import type { ScanJob } from './scan-job.ts';

/** Finds the folders that hold a target's files. */
export type TargetResolver = (target: ScanTarget) => Promise<Result<Pick<ScanJob, 'target' | 'folders'>, Problem>>;

export const createTargetResolver =
  (deps: { readonly rootPath: string; readonly docker: DockerApi | undefined }): TargetResolver =>
  async (target) => {
    if (target.kind === 'host') {
      return ok({ target: { kind: 'host', name: hostname() || 'localhost' }, folders: [deps.rootPath] });
    }
    if (deps.docker === undefined) return fail(problem('no-runtime', 'This sensor has no Docker to ask.'));
    return target.kind === 'image'
      ? resolveImage(deps.docker, target.imageKey)
      : resolveContainer(deps.docker, target.containerKey);
  };

const resolveImage: (docker: DockerApi, key: string) => ReturnType<TargetResolver> = async (docker, key) => {
  if (!/^sha256:[0-9a-f]{64}$/.test(key)) return fail(problem('bad-key', `"${key}" names no image.`));
  const image = await docker.image(key);
  if (!image.ok) return image;
  const folders = layerFolders(image.value.GraphDriver);
  if (folders === undefined) return fail(unsupported(image.value.GraphDriver?.Name));
  return ok({ target: { kind: 'image', name: image.value.RepoTags?.[0] ?? key }, folders });
};

const resolveContainer: (docker: DockerApi, key: string) => ReturnType<TargetResolver> = async (docker, key) => {
  const id = /^docker:([0-9a-f]{64})$/.exec(key)?.[1];
  if (id === undefined) {
    return fail(
      problem('bad-key', 'Only Docker’s own containers can be scanned; for one inside a container, scan that.'),
    );
  }
  const container = await docker.container(id);
  if (!container.ok) return container;
  const folders = layerFolders(container.value.GraphDriver);
  if (folders === undefined) return fail(unsupported(container.value.GraphDriver?.Name));
  return ok({ target: { kind: 'container', name: container.value.Name.replace(/^\//, '') }, folders });
};

/** Overlay layers, the uppermost first. */
const layerFolders = (driver: DockerImage['GraphDriver']): string[] | undefined => {
  if (driver?.Name !== 'overlay2' && driver?.Name !== 'overlay') return undefined;
  const upper = driver.Data['UpperDir'] ?? '';
  const lower = (driver.Data['LowerDir'] ?? '').split(':');
  const folders = [upper, ...lower].filter((folder) => folder.startsWith('/'));
  return folders.length === 0 ? undefined : folders;
};

const unsupported = (driver: string | undefined): Problem =>
  problem(
    'storage-driver',
    `Docker keeps its layers with "${driver ?? 'an image store of containerd'}", which this sensor cannot read yet; overlay2 can be read.`,
  );
