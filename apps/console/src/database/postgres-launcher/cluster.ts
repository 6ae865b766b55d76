import { spawn } from 'node:child_process';
import { chmod, chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@parapet/core';
import type { PostgresBinaries } from './binaries.ts';
import { closedFolders } from './closed-folders.ts';
import { type RunAs, spawnIdentity } from './run-as.ts';
import { initdbArguments } from './settings.ts';

/** Makes the server's data folder at the first start, and refuses one of another major version. Returns its path. */
export const prepareCluster = async (
  rootDir: string,
  binaries: PostgresBinaries,
  runAs: RunAs | undefined,
  durable: boolean,
): Promise<string> => {
  const dataDir = join(rootDir, 'data');
  const version = await readFile(join(dataDir, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (version === undefined) return createCluster(rootDir, dataDir, binaries, runAs, durable);
  if (Number(version) === binaries.major) return dataDir;
  throw new AppError(
    'postgres-version',
    500,
    `The database in ${dataDir} was made by PostgreSQL ${version.trim()}, but this program brings ${binaries.major}. Start the Parapet version that made it, or give another data folder.`,
  );
};

/** initdb works beside the final name: one that was killed leaves nothing that looks like a database. */
const createCluster = async (
  rootDir: string,
  dataDir: string,
  binaries: PostgresBinaries,
  runAs: RunAs | undefined,
  durable: boolean,
): Promise<string> => {
  const partial = join(rootDir, 'data.new');
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true, mode: 0o700 });
  if (runAs !== undefined) {
    // The folder above must let that user pass, but show it nothing else.
    await chmod(rootDir, 0o711);
    await chown(partial, runAs.uid, runAs.gid);
  }
  try {
    await runInitdb(binaries, partial, runAs, durable);
  } catch (error) {
    throw await explained(error, partial, runAs);
  }
  await rename(partial, dataDir);
  return dataDir;
};

/** initdb says of a closed folder above it no more than that permission is denied. */
const explained = async (error: unknown, folder: string, runAs: RunAs | undefined): Promise<unknown> => {
  const closed = runAs === undefined ? [] : await closedFolders(folder, runAs);
  if (runAs === undefined || closed.length === 0) return error;
  return new AppError(
    'postgres-folder',
    500,
    `The database cannot be created in ${folder}: started by root it runs as another user (uid ${runAs.uid}), who may not pass ${closed.join(', ')}. Let it pass (chmod o+x ${closed.join(' ')}), give another data folder, or start the console as another user than root.`,
    { cause: error },
  );
};

const runInitdb = (
  binaries: PostgresBinaries,
  folder: string,
  runAs: RunAs | undefined,
  durable: boolean,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(binaries.initdb, initdbArguments(folder, binaries.major, durable), {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { LC_ALL: 'C', TZ: 'UTC' },
      timeout: 120_000,
      ...spawnIdentity(runAs),
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-2_000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new AppError('postgres-initdb', 500, `The database could not be created in ${folder}: ${output.trim()}`),
        );
    });
  });
