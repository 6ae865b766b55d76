import type { RunAs } from './run-as.ts';

export type PostgresEvent =
  | { readonly kind: 'ended' }
  | { readonly kind: 'restarted'; readonly socketDir: string }
  | { readonly kind: 'restart-failed'; readonly message: string };

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
