import { createReadStream } from 'node:fs';
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { parseJson, readFileBounded, writeFileDurably } from '@parapet/core';
import { z } from 'zod';
import { SensorPackage } from './delivery-job.ts';

const Index = z.object({ format: z.literal(1), packages: z.array(SensorPackage).max(64) });

/** Finished packages and scripts in the data folder, each under its hash. */
export type PackageStore = {
  readonly packagesDir: string;
  readonly temporaryDir: string;
  /** Newest first. */
  readonly packages: () => readonly SensorPackage[];
  readonly add: (made: SensorPackage) => Promise<void>;
  /** Says that one of before is the newest again. */
  readonly prefer: (sha256: string) => Promise<SensorPackage | undefined>;
  readonly pathOf: (sha256: string) => string;
  readonly find: (sha256: string) => SensorPackage | undefined;
  readonly clearTemporary: () => Promise<void>;
  readonly read: (sha256: string, range?: { readonly from: number; readonly to: number }) => Readable;
};

/** An install command stays good over an upgrade of the console, so what came before is kept as well. */
const keptOfEach = 2;

/** Opens the folder; what is no longer complete is forgotten, what is left of an earlier try is removed. */
export const openPackageStore = async (dir: string): Promise<PackageStore> => {
  const packagesDir = join(dir, 'packages');
  const temporaryDir = join(dir, 'tmp');
  const indexPath = join(dir, 'index.json');
  await rm(temporaryDir, { recursive: true, force: true });
  for (const each of [dir, packagesDir, temporaryDir]) {
    await mkdir(each, { recursive: true, mode: 0o700 });
    await chmod(each, 0o700);
  }
  let packages = await complete(packagesDir, await readIndex(indexPath));
  const fileOf = (sha256: string): string => join(packagesDir, `${sha256}.tar.gz`);
  const save = async (next: readonly SensorPackage[]): Promise<void> => {
    packages = kept(next);
    await writeFileDurably(indexPath, JSON.stringify({ format: 1, packages }));
    await removeOthers(packagesDir, new Set(packages.map(({ sha256 }) => `${sha256}.tar.gz`)));
  };
  await removeOthers(packagesDir, new Set(packages.map(({ sha256 }) => `${sha256}.tar.gz`)));
  return {
    packagesDir,
    temporaryDir,
    packages: () => packages,
    add: (made) => save([made, ...packages.filter(({ sha256 }) => sha256 !== made.sha256)]),
    prefer: async (sha256) => {
      const wanted = packages.find((each) => each.sha256 === sha256);
      if (wanted !== undefined) await save([wanted, ...packages.filter((each) => each !== wanted)]);
      return wanted;
    },
    pathOf: fileOf,
    find: (sha256) => packages.find((each) => each.sha256 === sha256),
    clearTemporary: async () => {
      await rm(temporaryDir, { recursive: true, force: true });
      await mkdir(temporaryDir, { recursive: true, mode: 0o700 });
    },
    read: (sha256, range) =>
      createReadStream(fileOf(sha256), range === undefined ? {} : { start: range.from, end: range.to }),
  };
};

const kept = (packages: readonly SensorPackage[]): readonly SensorPackage[] => {
  const counts = new Map<string, number>();
  return packages.filter(({ kind, architecture }) => {
    const key = `${kind} ${architecture}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count <= keptOfEach;
  });
};

const readIndex = async (path: string): Promise<readonly SensorPackage[]> => {
  const read = await readFileBounded(path, 256 * 1024);
  const parsed = read.ok ? parseJson(read.value.toString('utf8'), Index) : undefined;
  // A damaged list costs nothing but the time to make the packages anew.
  return parsed?.ok === true ? parsed.value.packages : [];
};

const complete = async (dir: string, packages: readonly SensorPackage[]): Promise<readonly SensorPackage[]> => {
  const sizes = await Promise.all(
    packages.map(({ sha256 }) =>
      stat(join(dir, `${sha256}.tar.gz`)).then(
        ({ size }) => size,
        () => -1,
      ),
    ),
  );
  return packages.filter(({ sizeBytes }, index) => sizes[index] === sizeBytes);
};

const removeOthers = async (dir: string, keep: ReadonlySet<string>): Promise<void> => {
  for (const name of await readdir(dir)) if (!keep.has(name)) await rm(join(dir, name), { force: true });
};
