import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { PackageDatabase } from '@parapet/contract/wire';

/** Files and folders that package managers change with every installation. */
const databasePaths = [
  'var/lib/dpkg/status',
  'var/lib/dpkg/status.d',
  'lib/apk/db/installed',
  'usr/lib/apk/db/installed',
  'var/lib/rpm/rpmdb.sqlite',
  'var/lib/rpm/Packages.db',
  'var/lib/rpm/Packages',
  'usr/lib/sysimage/rpm/rpmdb.sqlite',
  'usr/lib/sysimage/rpm/Packages.db',
  'usr/lib/sysimage/rpm/Packages',
] as const;

/**
 * The package databases below a root, with time and size of the last change. The root may belong to a workload: no symbolic
 * link is followed, and only these stats are taken.
 */
export const findPackageDatabases = (root: string): readonly PackageDatabase[] => {
  const folders = new Map<string, boolean>();
  return databasePaths.flatMap((path) => {
    const stats = statWithin(root, path, folders);
    if (stats === undefined || !(stats.isFile() || stats.isDirectory())) return [];
    return [{ path: `/${path}`, modifiedAt: Math.max(0, Math.floor(stats.mtimeMs)), sizeBytes: stats.size }];
  });
};

const statWithin = (root: string, path: string, folders: Map<string, boolean>): Stats | undefined => {
  const parts = path.split('/');
  for (let depth = 1; depth < parts.length; depth += 1) {
    const folder = parts.slice(0, depth).join('/');
    let isFolder = folders.get(folder);
    if (isFolder === undefined) {
      isFolder = lstat(join(root, folder))?.isDirectory() === true;
      folders.set(folder, isFolder);
    }
    if (!isFolder) return undefined;
  }
  return lstat(join(root, path));
};

const lstat = (path: string): Stats | undefined => {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // Not readable, or a part of it is no folder: nothing to see for this user.
    return undefined;
  }
};
