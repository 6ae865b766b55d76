import type { TLSSocket } from 'node:tls';
import type { Clock } from '@parapet/core';
import type { StateFile } from '../state/state-files.ts';
import { type DownloadDeps, downloadArchive } from './download.ts';
import { systemFiles } from './files.ts';
import { createUpgradePreparer, type PrepareUpgrade } from './prepare.ts';
import type { LocatedProgram } from './program.ts';
import type { UpgradeRecord } from './record.ts';
import { checkProgram } from './self-check.ts';
import { unpackArchive } from './unpack.ts';

/** Upgrades of this very host, from its console. */
export const createUpgradeSource = (deps: {
  readonly program: LocatedProgram;
  readonly record: StateFile<UpgradeRecord>;
  readonly clock: Clock;
  readonly version: string;
  readonly dial: () => Promise<TLSSocket>;
}): PrepareUpgrade => {
  const { program, record, clock, version } = deps;
  const download: DownloadDeps = {
    dial: deps.dial,
    sizeOf: async (path) => (await systemFiles.sizeOf(path)) ?? 0,
    remove: systemFiles.remove,
    sleep,
  };
  return createUpgradePreparer({
    ...{ record, clock, version, installation: program.installation, obstacle: obstacleOf(program) },
    files: systemFiles,
    download: (archive, path, options) => downloadArchive(download, archive, path, options),
    unpack: unpackArchive,
    selfCheck: checkProgram,
  });
};

const obstacleOf = ({ told }: LocatedProgram): string => {
  switch (told.kind) {
    case 'container':
      return 'This sensor runs in a container: start it from the new image.';
    case 'with-console':
      return 'This sensor was started with its console and gets its version from there.';
    case 'other':
      return 'This sensor was not installed by the console’s command, so it cannot replace itself.';
    case 'installed':
      return told.obstacle ?? 'This sensor cannot replace itself.';
  }
};

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal.addEventListener('abort', abort, { once: true });
  });
