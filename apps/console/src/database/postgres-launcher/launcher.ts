import { findBinaries, type PostgresBinaries } from './binaries.ts';
import { prepareCluster } from './cluster.ts';
import type { RunAs } from './run-as.ts';
import { type Server, takeOverOrStart } from './server.ts';
import { databaseUser } from './settings.ts';
import { type PostgresEvent, supervise } from './supervisor.ts';

export type PostgresOptions = {
  /** The server's folder: database, log and (when the package must be copied) binaries. Made when missing. */
  readonly rootDir: string;
  /** Where the socket should lie; another private folder is taken when the path is too long for a socket. */
  readonly socketDir: string;
  /** Needed when we are root. */
  readonly runAs?: RunAs | undefined;
  readonly prefixDir?: string | undefined;
  readonly systemOnly?: boolean | undefined;
  /** False only in tests. */
  readonly durable?: boolean | undefined;
  /** Told when the server ended without being asked, and when it is back. */
  readonly onEvent?: ((event: PostgresEvent) => void) | undefined;
};

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
