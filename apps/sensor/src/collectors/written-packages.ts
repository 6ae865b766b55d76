import { closeSync, opendirSync } from 'node:fs';
import type { PackageDatabase } from '@parapet/contract/wire';
import type { Clock } from '@parapet/core';
import { openRootFolder, type RootFolder } from '@parapet/kernel';
import { findPackageDatabases, statWithin } from './package-databases.ts';

/** A look at everything a container wrote costs more than one at known paths. */
const walkEveryMs = 5 * 60_000;
/** Some 3 ms of work a container. What a busy one wrote beyond is seen by the known paths, or not at all. */
const maxNames = 2000;
const maxDepth = 8;
const maxFound = 16;
/** As the wire format says. */
const maxDatabases = 64;

/** Of containers: the package databases at known paths and what else they wrote that names packages, wherever it lies. */
export type ContainerPackages = {
  /** In the folder of a container's writable layer. */
  readonly of: (id: string, upperDir: string) => readonly PackageDatabase[];
  readonly forget: (id: string) => void;
};

export const createContainerPackages = (clock: Clock): ContainerPackages => {
  const walked = new Map<string, { readonly at: number; readonly paths: readonly string[] }>();
  const writtenIn = (id: string, upperDir: string): readonly string[] => {
    const known = walked.get(id);
    const now = clock.now();
    if (known !== undefined && now - known.at < walkEveryMs && now >= known.at) return known.paths;
    const paths = findWrittenPackages(upperDir);
    walked.set(id, { at: now, paths });
    return paths;
  };
  return {
    of: (id, upperDir) => {
      const known = findPackageDatabases(upperDir);
      const paths = new Set(known.map(({ path }) => path));
      const written = writtenIn(id, upperDir)
        .filter((path) => !paths.has(path))
        .flatMap((path) => describe(upperDir, path));
      return [...known, ...written].slice(0, maxDatabases);
    },
    forget: (id) => void walked.delete(id),
  };
};

/** Folders that say by their own time that something was installed in them. */
const installFolders: ReadonlySet<string> = new Set(['node_modules', 'specifications']);
const manifests: ReadonlySet<string> = new Set([
  ...['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock'],
  ...['poetry.lock', 'Pipfile.lock', 'uv.lock', 'pdm.lock', 'pylock.toml'],
  ...['Gemfile.lock', 'composer.lock', 'installed.json', 'Cargo.lock', 'go.sum'],
  ...['packages.lock.json', 'gradle.lockfile', 'Podfile.lock', 'pubspec.lock', 'mix.lock', 'conan.lock'],
]);
const archives = /\.(?:jar|war|ear|deps\.json)$/;
/** Where programs write without end, and nothing is installed. */
const passedOver: ReadonlySet<string> = new Set([
  ...['proc', 'sys', 'dev', 'run', 'tmp', 'var/log', 'var/cache', 'var/tmp', 'var/run', 'var/spool', 'root/.cache'],
]);

/**
 * Files and folders of a container's writable layer that name packages: lock files, archives of Java, folders that packages are
 * installed into. The nearest to the root first, at most 16. No symbolic link is followed; where a workload puts one in the place
 * of a folder that was just listed, nothing outside of its layer is opened.
 */
export const findWrittenPackages = (upperDir: string): readonly string[] => {
  try {
    using root = openRootFolder(upperDir);
    return walkWritten(root);
  } catch {
    // Gone in the meantime, or not readable: nothing to see for this user.
    return [];
  }
};

const walkWritten = (root: RootFolder): readonly string[] => {
  const found = new Set<string>();
  let folders: readonly string[] = [''];
  let names = 0;
  for (let depth = 0; depth < maxDepth && folders.length > 0; depth += 1) {
    const below: string[] = [];
    for (const folder of folders) {
      const listed = namesIn(root, folder, maxNames - names);
      names += listed.length;
      for (const { name, isFolder } of listed) {
        const path = folder === '' ? name : `${folder}/${name}`;
        const isInstalled = isFolder && /\.(?:dist|egg)-info$/.test(name);
        if (isInstalled) found.add(`/${folder}`);
        else if (isFolder ? installFolders.has(name) : manifests.has(name) || archives.test(name))
          found.add(`/${path}`);
        else if (isFolder && !passedOver.has(path) && !name.startsWith('__') && name !== '.git') below.push(path);
        if (found.size >= maxFound) return [...found];
      }
      if (names >= maxNames) return [...found];
    }
    folders = below;
  }
  return [...found];
};

/** Sorted, so that the same layer is told in the same way each time. */
const namesIn = (
  root: RootFolder,
  folder: string,
  limit: number,
): readonly { readonly name: string; readonly isFolder: boolean }[] => {
  const entries: { name: string; isFolder: boolean }[] = [];
  const opened = root.open(folder, 'folder');
  if (!opened.ok) return entries;
  try {
    using directory = opendirSync(`/proc/self/fd/${opened.value}`);
    while (entries.length < limit) {
      const entry = directory.readSync();
      if (entry === null) break;
      if (entry.isDirectory() || entry.isFile()) entries.push({ name: entry.name, isFolder: entry.isDirectory() });
    }
  } catch {
    // Gone in the meantime, or not readable: nothing to see for this user.
  } finally {
    closeSync(opened.value);
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
};

const describe = (root: string, path: string): PackageDatabase[] => {
  if (path.length > 1024) return [];
  const stats = statWithin(root, path.slice(1));
  if (stats === undefined || !(stats.isFile() || stats.isDirectory())) return [];
  return [{ path, modifiedAt: Math.max(0, Math.floor(stats.mtimeMs)), sizeBytes: stats.size }];
};
