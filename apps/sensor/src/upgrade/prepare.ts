import type { SensorArchive, Upgrade } from '@parapet/contract/wire';
import type { Clock } from '@parapet/core';
import type { StateFile } from '../state/state-files.ts';
import { failureOf, UpgradeFailure, type UpgradeReason } from './failure.ts';
import type { UpgradeFiles } from './files.ts';
import { type Installation, launcherOf, versionDir, versionsDir } from './program.ts';
import type { UpgradeRecord } from './record.ts';
import type { Unpacked } from './unpack.ts';
import { downloadPath, stageDir } from './version-folders.ts';

export type UpgradeStep = 'download' | 'unpack' | 'self-check' | 'trial';

export type PrepareOptions = {
  readonly signal: AbortSignal;
  readonly onStep: (step: UpgradeStep, progress: number) => void;
};

export type PrepareUpgrade = (order: Upgrade, options: PrepareOptions) => Promise<UpgradeRecord | 'same'>;

/** Never the last of the disk; and what is unpacked is some three times the archive. */
const reserveBytes = 64 * 1024 * 1024;
const unpackedRatio = 4;

/**
 * Brings a version to this host and makes sure that it runs here, beside the one that works. Nothing that is in use is
 * touched. Resolves with the record of what is to be tried now, or `same` when that version runs already; rejects with an
 * `UpgradeFailure` and leaves nothing behind but what a later try may go on with.
 */
export const createUpgradePreparer = (deps: {
  readonly installation: Installation | undefined;
  /** For when there is no installation: why not. */
  readonly obstacle: string;
  readonly version: string;
  readonly files: UpgradeFiles;
  readonly record: StateFile<UpgradeRecord>;
  readonly clock: Clock;
  readonly download: (
    archive: SensorArchive,
    path: string,
    options: { readonly signal: AbortSignal; readonly onProgress: (share: number) => void },
  ) => Promise<void>;
  readonly unpack: (
    path: string,
    folder: string,
    top: string,
    packedBytes: number,
    signal: AbortSignal,
  ) => Promise<Unpacked>;
  /** Starts it once to say its version. */
  readonly selfCheck: (launcher: string, version: string) => Promise<void>;
}): PrepareUpgrade => {
  const { files } = deps;

  const place = async (root: string, archive: SensorArchive, options: PrepareOptions): Promise<void> => {
    if ((await files.list(versionsDir(root))).includes(archive.build)) return;
    const path = downloadPath(root, archive.sha256);
    options.onStep('download', 0);
    const have = (await files.sizeOf(path)) ?? 0;
    const needed = Math.max(0, archive.sizeBytes - have) + archive.sizeBytes * unpackedRatio + reserveBytes;
    const free = await files.freeBytes(root);
    if (free < needed) {
      throw new UpgradeFailure(
        'no-space',
        `${root} has ${mebibytes(free)} free, and an upgrade needs ${mebibytes(needed)}.`,
      );
    }
    await deps.download(archive, path, {
      signal: options.signal,
      onProgress: (share) => options.onStep('download', share),
    });
    options.onStep('unpack', 0);
    const stage = stageDir(root, archive.build);
    await files.remove(stage);
    await files.makeFolder(stage, 0o755);
    const unpacked = await deps.unpack(path, stage, archive.build, archive.sizeBytes, options.signal);
    // The name that counts is given last, when all that it stands for is on the disk.
    for (const file of unpacked.files) await files.sync(file);
    for (const folder of unpacked.folders) await files.sync(folder);
    await files.makeFolder(versionsDir(root), 0o755);
    await files.rename(stage, versionDir(root, archive.build));
    await files.sync(versionsDir(root));
    await files.remove(path);
  };

  return async ({ taskId, archive }, options) => {
    const { installation } = deps;
    if (installation === undefined) throw new UpgradeFailure('not-installed', deps.obstacle);
    const { rootDir, build } = installation;
    if (archive.build === build) return 'same';
    if (archive.architecture !== process.arch) {
      throw new UpgradeFailure(
        'architecture',
        `The archive is for ${archive.architecture}, and this host is ${process.arch}.`,
      );
    }
    const record: UpgradeRecord = {
      format: 1,
      taskId,
      from: { version: deps.version, build },
      to: { version: archive.version, build: archive.build },
      step: 'prepare',
      startedAt: deps.clock.now(),
    };
    let reason: UpgradeReason = 'disk';
    try {
      await deps.record.write(record);
      reason = 'unpack';
      await place(rootDir, archive, options);
      reason = 'self-check';
      options.onStep('self-check', 0);
      options.signal.throwIfAborted();
      await deps.selfCheck(launcherOf(rootDir, archive.build), archive.version);
      reason = 'disk';
      options.signal.throwIfAborted();
      options.onStep('trial', 0);
      const tried: UpgradeRecord = { ...record, step: 'trial' };
      await deps.record.write(tried);
      return tried;
    } catch (error) {
      const failure = failureOf(error, reason);
      await discard(rootDir, archive, failure.reason).catch(() => undefined);
      throw failure;
    }
  };

  /** What is left must not stand in the way of the next try; a download that was only cut short helps it. */
  async function discard(rootDir: string, archive: SensorArchive, reason: UpgradeReason): Promise<void> {
    await files.remove(stageDir(rootDir, archive.build));
    if (reason === 'self-check') await files.remove(versionDir(rootDir, archive.build));
    if (reason === 'no-space' || reason === 'unpack') await files.remove(downloadPath(rootDir, archive.sha256));
    await deps.record.remove();
  }
};

const mebibytes = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024).toLocaleString('en')} MiB`;
