import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, messageOf } from '@parapet/core';
import pg from 'pg';
import type { PostgresBinaries } from './binaries.ts';
import type { PostgresOptions } from './options.ts';
import { inspectPostmaster } from './postmaster.ts';
import { spawnIdentity } from './run-as.ts';
import { databaseUser, serverArguments } from './settings.ts';
import { makeSocketFolder } from './socket-folder.ts';

export type Server = {
  readonly pid: number;
  readonly socketDir: string;
  readonly port: number;
  readonly adopted: boolean;
};

/** How long a dying predecessor is waited for. */
const takeOverMs = 15_000;
const logLimitBytes = 5 * 1024 * 1024;

/** One running server of a data folder: the one that is there already, or a new one. */
export const takeOverOrStart = async (
  options: PostgresOptions,
  binaries: PostgresBinaries,
  dataDir: string,
): Promise<Server> => {
  const deadline = Date.now() + takeOverMs;
  for (let attempt = 0; ; attempt += 1) {
    const state = await inspectPostmaster(dataDir);
    if (state.kind === 'running' && (await answers(state.socketDir, state.port, dataDir))) {
      return { ...state, adopted: true };
    }
    if (state.kind === 'stale') await rm(state.file, { force: true });
    if (state.kind === 'none' || state.kind === 'stale') {
      const started = await spawnServer(options, binaries, dataDir);
      if (started.ok) return started.server;
      if (!/lock file "postmaster.pid"|shared memory block/i.test(started.reason) || Date.now() > deadline) {
        throw new AppError('postgres-start', 500, `The database did not start: ${started.reason}`);
      }
    }
    if (Date.now() > deadline) {
      throw new AppError(
        'postgres-busy',
        500,
        `Another PostgreSQL uses ${dataDir} and does not answer. Stop it (see postmaster.pid there), then start again.`,
      );
    }
    await sleep(Math.min(500, 50 * 2 ** Math.min(attempt, 4)));
  }
};

type SpawnOutcome = { readonly ok: true; readonly server: Server } | { readonly ok: false; readonly reason: string };

const spawnServer = async (
  options: PostgresOptions,
  binaries: PostgresBinaries,
  dataDir: string,
): Promise<SpawnOutcome> => {
  const socketDir = await makeSocketFolder(options.socketDir, options.runAs);
  const logFile = join(options.rootDir, 'postgres.log');
  await rotateLog(logFile);
  // A file and not a pipe: the server must be able to write after we were killed.
  await using log = await open(logFile, 'a', 0o600);
  const logStart = (await log.stat()).size;
  const child = spawn(
    binaries.postgres,
    serverArguments({ dataDir, socketDir, major: binaries.major, durable: options.durable ?? true }),
    {
      cwd: dataDir,
      // A session of its own: Ctrl-C in the terminal must reach us first, not the server.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { LC_ALL: 'C', TZ: 'UTC' },
      ...spawnIdentity(options.runAs),
    },
  );
  child.unref();
  const ended = endOf(child);
  while (!ended.over()) {
    const state = await inspectPostmaster(dataDir);
    if (state.kind === 'running' && state.pid === child.pid && (await answers(socketDir, 5432, dataDir))) {
      return { ok: true, server: { pid: state.pid, socketDir, port: 5432, adopted: false } };
    }
    await sleep(10);
  }
  const text = await readFile(logFile, 'utf8').catch(() => '');
  const said = Buffer.from(text).subarray(logStart).toString('utf8').trim().slice(-1_500);
  return { ok: false, reason: said || ended.message() };
};

const endOf = (child: ChildProcess): { over: () => boolean; message: () => string } => {
  let end: string | undefined;
  child.on('error', (error) => {
    end = messageOf(error);
  });
  child.on('exit', (code, signal) => {
    end ??= `it ended with ${signal ?? `code ${code}`}`;
  });
  return { over: () => end !== undefined, message: () => end ?? '' };
};

/** Whether the server behind a socket takes connections and serves this very folder. */
const answers = async (socketDir: string, port: number, dataDir: string): Promise<boolean> => {
  const client = new pg.Client({
    host: socketDir,
    port,
    user: databaseUser,
    database: 'postgres',
    connectionTimeoutMillis: 3_000,
    query_timeout: 3_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('show data_directory');
    return (await realpath(rows[0]?.data_directory ?? '')) === (await realpath(dataDir));
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
};

const rotateLog = async (file: string): Promise<void> => {
  const found = await stat(file).catch(() => undefined);
  if (found !== undefined && found.size > logLimitBytes) await rename(file, `${file}.1`);
};
