import { constants, setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { AppError, messageOf, parseJson, readFileBounded } from '@parapet/core';
import { z } from 'zod';
import type { ArchiveSources } from './archive/archive-files.ts';
import { findCLibrary } from './archive/c-library.ts';
import { makePackage } from './archive/make-package.ts';
import { LockedPackage, unpackNpmPackage } from './archive/npm-package.ts';
import { type Architecture, DeliveryJob, type DeliveryWorkerMessage } from './delivery-job.ts';

/** Makes one package for its parent and ends. Compressing Node takes seconds of a core: behind sensors and people, before scans. */
const run = async (job: DeliveryJob): Promise<DeliveryWorkerMessage> => {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const sources = job.architecture === process.arch ? await ownSources(job) : await foreignSources(job);
  const made = await makePackage(sources, job);
  return typeof made === 'string' ? { kind: 'known', sha256: made } : { kind: 'made', package: made };
};

/** For this machine's processor: the Node that runs here, with the C library it runs with. */
const ownSources = async (job: DeliveryJob): Promise<ArchiveSources> => {
  const koffiDir = join(job.programDir, `node_modules/@koromix/koffi-linux-${job.architecture}`);
  const native = join(koffiDir, `linux_${job.architecture}/koffi.node`);
  const library = await findCLibrary([process.execPath, native]);
  if (!library.ok) throw new AppError(library.error.code, 503, library.error.message);
  return { ...job, nodePath: process.execPath, koffiDir, cLibrary: library.value };
};

/** For another processor: the packages of the lock file. There is no C library for it here, so its hosts must have theirs. */
const foreignSources = async (job: DeliveryJob): Promise<ArchiveSources> => {
  const locked = await lockedPackages(job.programDir);
  const take = async (name: string): Promise<string> => {
    const wanted = locked.find((each) => each.name === name);
    if (wanted === undefined)
      throw new AppError('npm-package', 503, `This program was built without knowing the hash of ${name}.`);
    const targetDir = join(job.temporaryDir, name.replace('/', '-'));
    const offlineDir = join(dirname(job.packagesDir), 'npm');
    await unpackNpmPackage(wanted, { offlineDir, temporaryDir: job.temporaryDir, targetDir });
    return targetDir;
  };
  const koffiDir = await take(`@koromix/koffi-linux-${job.architecture}`);
  const nodePath = join(await take(nodePackage(job.architecture)), 'bin/node');
  return { ...job, nodePath, koffiDir, cLibrary: undefined };
};

const nodePackage = (architecture: Architecture): string => `node-linux-${architecture}`;

const lockedPackages = async (programDir: string): Promise<readonly LockedPackage[]> => {
  const path = join(programDir, 'platform-packages.json');
  const read = await readFileBounded(path, 64 * 1024);
  if (!read.ok) throw new AppError('not-built', 503, `${path} is missing. npm start builds it.`);
  const parsed = parseJson(read.value.toString('utf8'), z.array(LockedPackage));
  if (!parsed.ok) throw new AppError('not-built', 503, `${path} is damaged. npm start builds it anew.`);
  return parsed.value;
};

// The parent's end ends this too: nobody would take the result.
process.once('disconnect', () => process.exit(1));
process.once('message', (message: unknown) => {
  run(DeliveryJob.parse(message))
    .catch(
      (error: unknown): DeliveryWorkerMessage => ({
        kind: 'failed',
        code: error instanceof AppError ? error.code : 'delivery-worker',
        message: messageOf(error),
      }),
    )
    .then((outcome) => process.send?.(outcome, undefined, undefined, () => process.exit(0)));
});
