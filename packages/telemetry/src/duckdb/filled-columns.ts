import type { DuckDBConnection } from '@duckdb/node-api';
import { type FieldName, telemetryFields } from '@parapet/contract/telemetry';
import { literal } from './engine.ts';

/**
 * Which fields events of some files have at all, as the files' footers count it. A search that reads whole events pays some 70 µs for each
 * column of each file, also for those that hold nothing, and these are most: a file of starts and ends fills some 15 of 89.
 */
export type FilledColumns = (paths: readonly string[]) => Promise<readonly FieldName[]>;

/** A file never changes under its name, so what was read of it stays true. At most 1 kB each is kept. */
const maxFiles = 2000;

export const createFilledColumns = (connection: DuckDBConnection): FilledColumns => {
  const known = new Map<string, readonly FieldName[]>();
  return async (paths) => {
    const unknown = paths.filter((path) => !known.has(path));
    const read = unknown.length === 0 ? known : await readFilled(connection, unknown);
    const filled = new Set(paths.flatMap((path) => known.get(path) ?? read.get(path) ?? []));
    for (const path of unknown) known.set(path, read.get(path) ?? []);
    for (const path of known.keys()) {
      if (known.size <= maxFiles) break;
      known.delete(path);
    }
    return fieldNames.filter((name) => filled.has(name));
  };
};

const readFilled = async (
  connection: DuckDBConnection,
  paths: readonly string[],
): Promise<ReadonlyMap<string, readonly FieldName[]>> => {
  // A list's values lie in a column below its own, and one without any counts as none. Without a count a column may hold anything.
  const reader = await connection.runAndReadAll(
    `select distinct file_name, split_part(path_in_schema, ', ', 1) from parquet_metadata([${paths.map(literal).join(', ')}]) where path_in_schema like '%, list, %' or coalesce(stats_null_count < num_values, true)`,
  );
  const filled = Map.groupBy(reader.getRowsJson(), ([path]) => String(path));
  return new Map([...filled].map(([path, rows]) => [path, rows.flatMap(([, column]) => nameOf(column))]));
};

const nameOf = (column: unknown): readonly FieldName[] => {
  const name = names.get(String(column));
  return name === undefined ? [] : [name];
};

const fieldNames = Object.keys(telemetryFields) as FieldName[];
const names: ReadonlyMap<string, FieldName> = new Map(fieldNames.map((name) => [name, name]));
