import { accessSync, constants, existsSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { SensorProgram } from '@parapet/contract/wire';
import { messageOf } from '@parapet/core';

/**
 * Where an installed sensor lies: `<root>/versions/<build>/` holds one version whole, `<root>/current` is a symlink to the one
 * that is started. Nothing outside this folder belongs to the program.
 */
export type Installation = { readonly rootDir: string; readonly build: string };

export type LocatedProgram = { readonly told: SensorProgram; readonly installation: Installation | undefined };

/** Each version is started by this script of its own, which takes `run`, `trial` and `self-check`. */
const launcherPath = join('bin', 'parapet-sensor');

export const versionsDir = (rootDir: string): string => join(rootDir, 'versions');
export const versionDir = (rootDir: string, build: string): string => join(rootDir, 'versions', build);
export const currentLink = (rootDir: string): string => join(rootDir, 'current');
export const launcherOf = (rootDir: string, build: string): string => join(versionDir(rootDir, build), launcherPath);

/** Finds out how this program came here, and whether it can replace itself. */
export const locateProgram = (
  entryPath: string,
  surroundings: {
    /** The image says so of itself. */
    readonly isContainer: boolean;
    /** Whether another process of ours started it and waits for its end. */
    readonly hasParent: boolean;
  },
): LocatedProgram => {
  const architecture = process.arch;
  const installation = findInstallation(entryPath);
  const build = installation === undefined ? {} : { build: installation.build };
  const elsewhere = (kind: SensorProgram['kind']): LocatedProgram => ({
    told: { kind, architecture, ...build },
    installation: undefined,
  });
  if (surroundings.isContainer) return elsewhere('container');
  if (surroundings.hasParent) return elsewhere('with-console');
  if (installation === undefined) return elsewhere(isInContainer() ? 'container' : 'other');
  const obstacle = obstacleOf(installation);
  return {
    told: { kind: 'installed', architecture, ...build, ...(obstacle === undefined ? {} : { obstacle }) },
    installation: obstacle === undefined ? installation : undefined,
  };
};

const findInstallation = (entryPath: string): Installation | undefined => {
  try {
    let folder = dirname(realpathSync(entryPath));
    for (let depth = 0; depth < 4 && folder !== '/'; depth += 1) {
      const parent = dirname(folder);
      if (basename(parent) === 'versions' && existsSync(join(folder, launcherPath))) {
        return { rootDir: dirname(parent), build: basename(folder) };
      }
      folder = parent;
    }
  } catch {
    // Not to be found any more: then it cannot be replaced where it was either.
  }
  return undefined;
};

const obstacleOf = ({ rootDir, build }: Installation): string | undefined => {
  try {
    const target = readlinkSync(currentLink(rootDir));
    if (basename(target) !== build) return `${currentLink(rootDir)} names another version, ${basename(target)}.`;
  } catch (error) {
    return `${currentLink(rootDir)} is no symlink to the version in use: ${messageOf(error)}`;
  }
  try {
    accessSync(rootDir, constants.W_OK);
    accessSync(versionsDir(rootDir), constants.W_OK);
    return undefined;
  } catch {
    return `${rootDir} cannot be written by the sensor.`;
  }
};

/** The marks of Docker and Podman. */
const isInContainer = (): boolean => existsSync('/.dockerenv') || existsSync('/run/.containerenv');
