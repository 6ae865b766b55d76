export { type PostgresOptions, type RunningPostgres, startPostgres } from './launcher.ts';
export type { RunAs } from './run-as.ts';
export { databaseUser } from './settings.ts';
export type { PostgresEvent } from './supervisor.ts';
