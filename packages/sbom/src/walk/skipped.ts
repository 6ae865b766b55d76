import type { Sbom } from '@parapet/contract';

/** Whether a walk leaves out a folder, by its canonical path and name. */
export type Skips = (path: string, name: string) => boolean;

/** What a walk of such a target leaves out; `layers` are folders of a host in which an engine was told to keep images. */
export const skipsOf = (kind: Sbom['target']['kind'], layers: readonly string[] = []): Skips => {
  switch (kind) {
    case 'directory':
      return skippedEverywhere;
    case 'host':
      return (path, name) =>
        skippedEverywhere(path, name) || kernelFolders.has(path) || isOfContainers(path, name) || layers.includes(path);
    case 'image':
    case 'container':
    case 'archive':
      return (path, name) => skippedEverywhere(path, name) || kernelFolders.has(path);
  }
};

/** The history of a repository, and caches of compiled code: neither is what is installed. */
const skippedNames: ReadonlySet<string> = new Set(['.git', '.hg', '.svn', '.bzr', '_darcs', 'CVS', '__pycache__']);

const skippedEverywhere: Skips = (_, name) => skippedNames.has(name);

const kernelFolders: ReadonlySet<string> = new Set(['/proc', '/sys', '/dev', '/run', '/var/run', '/lost+found']);

/** Where container engines keep images and the files of containers; those are assets of their own. */
const containerFolders: ReadonlySet<string> = new Set([
  '/snap',
  '/var/lib/buildkit',
  '/var/lib/containerd',
  '/var/lib/containers',
  '/var/lib/docker',
  '/var/lib/incus',
  '/var/lib/kubelet/pods',
  '/var/lib/lxc',
  '/var/lib/lxd',
  '/var/lib/machines',
  '/var/lib/snapd/snaps',
]);

/** Engines can be told to keep their files elsewhere, and people without privileges have their own: known by their names. */
const isOfContainers: Skips = (path, name) =>
  containerFolders.has(path) ||
  name === 'overlay2' ||
  name.startsWith('io.containerd.') ||
  path.endsWith('/containers/storage') ||
  path.endsWith('/.local/share/docker');
