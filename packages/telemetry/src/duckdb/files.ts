import { closeSync, fsyncSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { columns } from './columns.ts';
import { column } from './condition.ts';
import { literal } from './engine.ts';

/** A file of stored events, as the manifest keeps it. */
export type EventFile = {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  /** Microseconds since the Unix epoch. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly hosts: readonly string[];
};

/** Makes a file of rows given as NDJSON, in their order. It is there under its name only when it is whole and on the disk. */
export const writeEvents = (connection: DuckDBConnection, ndjsonPath: string, to: string): Promise<EventFile> => {
  const types = columns.map(({ name, type }) => `${literal(name)}: ${literal(type)}`).join(', ');
  const source = `read_json(${literal(ndjsonPath)}, format = 'newline_delimited', columns = {${types}}, maximum_object_size = ${maxRowBytes})`;
  return copyTo(connection, source, to, 'as they come');
};

/**
 * Makes one file of several, which hold so many rows together. More than can be sorted in memory are put one file behind the
 * other: each of them is in order, and a part of the new file that holds nothing of a container says so.
 */
export const mergeEvents = (
  connection: DuckDBConnection,
  files: { readonly paths: readonly string[]; readonly rows: number },
  to: string,
): Promise<EventFile> =>
  copyTo(connection, parquet(files.paths), to, files.rows > sortableRows ? 'as they come' : 'sorted');

/** Files of older versions may lack columns. */
export const parquet = (paths: readonly string[]): string =>
  `read_parquet([${paths.map(literal).join(', ')}], union_by_name = true)`;

/** Files that have all columns which are asked for: the footer of each is read once and not twice. Fails where one lacks any. */
export const parquetAlike = (paths: readonly string[]): string => `read_parquet([${paths.map(literal).join(', ')}])`;

const maxRowBytes = 4 * 1024 * 1024;
const rowGroupRows = 60_000;

/** What is sorted at once: a row has some 80 columns, most of them empty, and takes 2 to 4 KB while it is. */
export const sortableRows = 20_000;

/** Events of one container lie together, in time: a hunt for one reads little. */
const copyTo = async (
  connection: DuckDBConnection,
  source: string,
  to: string,
  rows: 'sorted' | 'as they come',
): Promise<EventFile> => {
  const temporary = `${to}.tmp`;
  const order = rows === 'as they come' ? '' : ` order by ${['container.id', '@timestamp'].map(column).join(', ')}`;
  await connection.run(
    `copy (select * from ${source}${order}) to ${literal(temporary)} (format parquet, compression zstd, row_group_size ${rowGroupRows})`,
  );
  syncFile(temporary);
  renameSync(temporary, to);
  syncFile(dirname(to));
  return describe(connection, to);
};

const describe = async (connection: DuckDBConnection, path: string): Promise<EventFile> => {
  const [at, host] = [column('@timestamp'), column('host.id')];
  const reader = await connection.runAndReadAll(
    `select count(*)::bigint, coalesce(min(${at}), 0), coalesce(max(${at}), 0), list(distinct ${host}) from ${parquet([path])}`,
  );
  const [row = []] = reader.getRowsJson();
  const [rows, firstAt, lastAt, hosts] = row;
  return {
    path,
    rows: Number(rows),
    bytes: statSync(path).size,
    firstAt: Number(firstAt),
    lastAt: Number(lastAt),
    hosts: Array.isArray(hosts) ? hosts.map(String) : [],
  };
};

const syncFile = (path: string): void => {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};
