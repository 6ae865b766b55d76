import { findBinaries, type PostgresBinaries } from './binaries.ts';
import { prepareCluster } from './cluster.ts';
import type { PostgresOptions } from './options.ts';
import { type Server, takeOverOrStart } from './server.ts';
import { databaseUser } from './settings.ts';
import { supervise } from './supervisor.ts';

export type RunningPostgres = {
  readonly socketDir: () => string;
  readonly port: number;
  readonly user: string;
  readonly pid: () => number;
  readonly major: number;
  readonly origin: PostgresBinaries['origin'];
  /** True when a server left by a killed console was taken over instead of started. */
  readonly adopted: boolean;
  /** Stops the server: fast shutdown, open connections are ended. */
  readonly stop: () => Promise<void>;
};

/**
 * Starts PostgreSQL as our child on a private unix socket, or takes over the one that a killed console left running.
 * A server that ends unasked is started again. Throws AppError with a sentence for people.
 */
export const startPostgres = async (options: PostgresOptions): Promise<RunningPostgres> => {
  const binaries = await findBinaries({ ...options, copyDir: options.rootDir });
  const dataDir = await prepareCluster(options.rootDir, binaries, options.runAs, options.durable ?? true);
  const launch = (): Promise<Server> => takeOverOrStart(options, binaries, dataDir);
  const first = await launch();
  const supervisor = supervise(first, launch, options.onEvent ?? (() => undefined));
  return {
    socketDir: () => supervisor.server().socketDir,
    port: first.port,
    user: databaseUser,
    pid: () => supervisor.server().pid,
    major: binaries.major,
    origin: binaries.origin,
    adopted: first.adopted,
    stop: supervisor.stop,
  };
};
