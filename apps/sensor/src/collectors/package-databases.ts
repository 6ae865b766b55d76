import { lstatSync, opendirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { PackageDatabase } from '@parapet/contract/wire';

/** Files and folders that package managers of distributions change with every installation. */
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
  'var/lib/pacman/local',
  'usr/lib/opkg/status',
  'var/lib/opkg/status',
] as const;

/**
 * What package managers of languages change with every installation, where most images and hosts have it. Elsewhere a change is
 * seen by the next scan by the clock.
 */
const languagePaths = [
  'usr/local/lib/node_modules',
  'usr/lib/node_modules',
  'app/node_modules/.package-lock.json',
  'usr/src/app/node_modules/.package-lock.json',
  'srv/node_modules/.package-lock.json',
  'usr/local/bundle/specifications',
  'var/www/html/vendor/composer/installed.json',
] as const;

/** Of Python 3.6 to 3.20. */
const pythonFolders = Array.from({ length: 15 }, (_, minor) => `python3.${minor + 6}`).flatMap((version) =>
  ['dist-packages', 'site-packages'].map((folder) => `usr/local/lib/${version}/${folder}`),
);

/** As the wire format says. */
const maxDatabases = 64;

/**
 * The package databases below a root, with time and size of the last change. The root may belong to a workload: no symbolic
 * link is followed, and only these stats are taken.
 */
export const findPackageDatabases = (root: string): readonly PackageDatabase[] => {
  const folders = new Map<string, boolean>();
  const found = (path: string): PackageDatabase[] => {
    const stats = statWithin(root, path, folders);
    if (stats === undefined || !(stats.isFile() || stats.isDirectory())) return [];
    return [{ path: `/${path}`, modifiedAt: Math.max(0, Math.floor(stats.mtimeMs)), sizeBytes: stats.size }];
  };
  const pythons = pythonFolders.flatMap((path) => found(path).filter(() => holdsPythonPackage(join(root, path))));
  return [...databasePaths, ...languagePaths].flatMap(found).concat(pythons).slice(0, maxDatabases);
};

/** Names that are looked at. Of what a container wrote there are few; a host's folder has many packages among them. */
const maxNames = 1000;

/** A running Python writes `__pycache__` beside its modules, which is no installation. */
const holdsPythonPackage = (folder: string): boolean => {
  try {
    using directory = opendirSync(folder);
    for (let count = 0; count < maxNames; count += 1) {
      const entry = directory.readSync();
      if (entry === null) return false;
      if (/\.(?:dist|egg)-info$/.test(entry.name)) return true;
    }
  } catch {
    // Gone in the meantime, or not readable: nothing to see for this user.
  }
  return false;
};

/** Of a path below a root, whose folders are no links. `folders`: what is known of those above it, to ask once for many paths. */
export const statWithin = (root: string, path: string, folders = new Map<string, boolean>()): Stats | undefined => {
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
