export { type RunningPostgres, startPostgres } from './launcher.ts';
export type { PostgresEvent, PostgresOptions } from './options.ts';
export type { RunAs } from './run-as.ts';
