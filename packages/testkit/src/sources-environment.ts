import { join } from 'node:path';
import { sharedDir } from './once-in-a-run.ts';

/** Where processes of one user keep what they compiled, for others of this run; undefined outside of `npm test`. */
const compiledBy = (uid: number | undefined): string | undefined =>
  sharedDir === undefined ? process.env['NODE_COMPILE_CACHE'] : join(sharedDir, 'compiled', String(uid));

/**
 * What a process that runs our sources inherits where it is given an environment of its own: where programs lie, and what other
 * processes of this run and its user have compiled already.
 */
export const sourcesEnvironmentOf = (uid: number | undefined) =>
  ({ PATH: process.env['PATH'], NODE_COMPILE_CACHE: compiledBy(uid) }) as const;

/** The same for a process that runs as who runs the tests. */
export const sourcesEnvironment = sourcesEnvironmentOf(process.getuid?.());
