import { basename, join } from 'node:path';
import type { UpgradeFiles } from './files.ts';
import { currentLink, versionDir, versionsDir } from './program.ts';

/** The version that is started next, by the name of its folder. */
export const currentBuild = async (files: UpgradeFiles, rootDir: string): Promise<string | undefined> => {
  const target = await files.readLink(currentLink(rootDir));
  return target === undefined ? undefined : basename(target);
};

/** Makes another version the one that is started: after a power cut it is the old one or the new one, never none. */
export const switchCurrent = async (files: UpgradeFiles, rootDir: string, build: string): Promise<void> => {
  const fresh = join(rootDir, '.current.new');
  await files.remove(fresh);
  await files.link(join('versions', build), fresh);
  await files.rename(fresh, currentLink(rootDir));
  await files.sync(rootDir);
};

/** Where an archive is put together before it counts as a version. Left-overs by this name are removed by an installation too. */
export const stageDir = (rootDir: string, build: string): string => join(rootDir, `.incoming.${build}`);
export const downloadPath = (rootDir: string, sha256: string): string => join(rootDir, `.incoming.${sha256}.tar.gz`);

/** Removes what no start needs: half-made versions, and versions but the running one, the current one and the one before. */
export const pruneVersions = async (
  files: UpgradeFiles,
  rootDir: string,
  keep: { readonly running: string; readonly before: string },
): Promise<void> => {
  const kept = new Set([keep.running, keep.before, await currentBuild(files, rootDir)]);
  for (const name of await files.list(rootDir)) {
    if (name.startsWith('.incoming.')) await files.remove(join(rootDir, name));
  }
  for (const name of await files.list(versionsDir(rootDir))) {
    if (!kept.has(name)) await files.remove(versionDir(rootDir, name));
  }
};
