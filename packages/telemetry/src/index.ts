export { rowOf, type StoredBy } from './duckdb/columns.ts';
export { type EngineOptions, openEngine } from './duckdb/engine.ts';
export { type EventFile, mergeEvents, writeEvents } from './duckdb/files.ts';
export { createFilledColumns, type FilledColumns } from './duckdb/filled-columns.ts';
export {
  allEvents,
  type Bucket,
  countOverTime,
  type EventCursor,
  exportEvents,
  type FoundEvent,
  findEvents,
  type SearchScope,
  type SplitField,
  topValues,
  type ValueCount,
} from './duckdb/search.ts';
export { addressKey } from './language/address-range.ts';
export { hostsNamed } from './language/hosts-named.ts';
export { type Hunt, type HuntError, huntLimits } from './language/hunt.ts';
export { parseHunt, suggestFields } from './language/parse.ts';
