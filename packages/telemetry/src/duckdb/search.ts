import type { DuckDBConnection } from '@duckdb/node-api';
import { type FieldName, telemetryFields } from '@parapet/contract/telemetry';
import { messageOf } from '@parapet/core';
import type { Hunt } from '../language/hunt.ts';
import { columns } from './columns.ts';
import { type Bind, type Condition, column, conditionOf, isCostly, type Value } from './condition.ts';
import { literal } from './engine.ts';
import { parquet, parquetAlike } from './files.ts';
import type { FilledColumns } from './filled-columns.ts';

/** Which events a search is about. Times are microseconds since the Unix epoch, `to` is not part of it. */
export type SearchScope = {
  readonly files: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly hunt: Hunt;
  /** Only events of these hosts, and of these containers wherever they run; all when absent. */
  readonly allowed?: { readonly hosts: readonly string[]; readonly containers: readonly string[] };
};

/** A place in a list of events, newest first. */
export type EventCursor = { readonly at: number; readonly host: string; readonly sequence: number };

export type FoundEvent = Readonly<Partial<Record<FieldName, unknown>>>;

type Page = { readonly limit: number; readonly after?: EventCursor };

/** Events, newest first, at most `limit`, from behind the cursor on. */
export const findEvents = async (
  connection: DuckDBConnection,
  filledIn: FilledColumns,
  scope: SearchScope,
  page: Page,
): Promise<readonly FoundEvent[]> => {
  const place = await findPlace(connection, scope, page);
  return place === undefined ? [] : readPlace(connection, filledIn, { ...scope, ...place }, page);
};

/** All events, newest first; undefined where there are more than `limit`, of which none is read then. */
export const allEvents = async (
  connection: DuckDBConnection,
  filledIn: FilledColumns,
  scope: SearchScope,
  limit: number,
): Promise<readonly FoundEvent[] | undefined> => {
  const place = await findPlace(connection, scope, { limit });
  if (place === undefined) return [];
  return place.more ? undefined : readPlace(connection, filledIn, { ...scope, ...place }, { limit });
};

const readPlace = async (
  connection: DuckDBConnection,
  filledIn: FilledColumns,
  scope: SearchScope,
  page: Page,
): Promise<readonly FoundEvent[]> => {
  const { files } = scope;
  const { sql, values } = whereOf(scope, page.after);
  const names = await filledIn(files);
  const reader = await inFiles(files, (source) =>
    connection.runAndReadAll(
      `select ${names.map(column).join(', ')} from ${source} where ${sql} order by ${order} limit ${whole(page.limit)}`,
      [...values],
    ),
  );
  return reader.getRowsJson().map((row) => eventOf(names, row));
};

/** Where the events of a page lie, and whether there are more behind it. */
type Place = Pick<SearchScope, 'files' | 'from' | 'to'> & { readonly more: boolean };

/** Read behind the end of a page, to know in which files there are events of the moment that it ends in. */
const spareRows = 50;

/**
 * In which files and time the events of a page lie. An event has some 80 columns, and sorting reads all that are asked for of all that
 * are found: so the page is chosen by time alone, and the columns that hold anything are read there.
 */
const findPlace = async (connection: DuckDBConnection, scope: SearchScope, page: Page): Promise<Place | undefined> => {
  if (scope.files.length === 0) return undefined;
  const { sql, values } = whereOf(scope, page.after);
  const limit = page.limit + spareRows;
  const reader = await inFiles(scope.files, (source) =>
    connection.runAndReadAll(
      `select ${column('@timestamp')}, filename from ${source} where ${sql} order by 1 desc limit ${whole(limit)}`,
      [...values],
    ),
  );
  const found = reader.getRowsJson().map(([at, file]) => ({ at: Number(at), file: String(file) }));
  const [newest, last] = [found[0], found.at(-1)];
  const oldest = found[page.limit - 1] ?? last;
  if (newest === undefined || oldest === undefined) return undefined;
  const isCut = found.length === limit && last?.at === oldest.at;
  const within = found.filter(({ at }) => at >= oldest.at);
  return {
    files: isCut ? scope.files : [...new Set(within.map(({ file }) => file))],
    ...{ from: oldest.at, to: newest.at + 1, more: found.length > page.limit },
  };
};

/** Writes events to a Parquet file of their own, in no order and at most `limit`; returns how many. */
export const exportEvents = async (
  connection: DuckDBConnection,
  scope: SearchScope,
  to: { readonly path: string; readonly limit: number },
): Promise<number> => {
  const { sql, values } = whereOf(scope);
  const names = fieldNames.map(column).join(', ');
  const written = await inFiles(scope.files, (source) =>
    connection.run(
      `copy (select ${names} from ${source} where ${sql} limit ${whole(to.limit)}) to ${literal(to.path)} (format parquet, compression zstd)`,
      [...values],
    ),
  );
  return written.rowsChanged;
};

/** `value`: of the field that was counted by, absent where events have none. */
export type Bucket = { readonly at: number; readonly count: number; readonly value?: string };

/** How many events there were over time, in steps of `stepUs`, also by the values of a field; steps without any are left out. */
export const countOverTime = async (
  connection: DuckDBConnection,
  scope: SearchScope,
  by: { readonly stepUs: number; readonly splitBy?: SplitField },
): Promise<readonly Bucket[]> => {
  if (scope.files.length === 0) return [];
  const { sql, values } = whereOf(scope);
  const step = whole(by.stepUs);
  const split = by.splitBy === undefined ? 'null' : column(by.splitBy);
  const reader = await inFiles(scope.files, (source) =>
    connection.runAndReadAll(
      `select (${column('@timestamp')} // ${step}) * ${step} as at, ${split} as value, count(*)::bigint from ${source} where ${sql} group by 1, 2 order by 1, 2`,
      [...values],
    ),
  );
  return reader.getRowsJson().map(([at, value, count]) => ({
    ...{ at: Number(at), count: Number(count) },
    ...(value === null || value === undefined ? {} : { value: String(value) }),
  }));
};

/** Fields of few values: a step has as many rows as there are of them. */
export type SplitField = Extract<FieldName, 'event.action'>;

export type ValueCount = { readonly value: string; readonly count: number };

/** The most frequent values of a field. */
export const topValues = async (
  connection: DuckDBConnection,
  scope: SearchScope,
  field: FieldName,
  limit: number,
): Promise<readonly ValueCount[]> => {
  if (scope.files.length === 0) return [];
  const { sql, values } = whereOf(scope);
  const isList = ['keywords', 'ips'].includes(telemetryFields[field].type);
  const value = isList ? `unnest(${column(field)})` : column(field);
  const reader = await inFiles(scope.files, (source) =>
    connection.runAndReadAll(
      `select v::varchar, count(*)::bigint as n from (select ${value} as v from ${source} where ${sql}) where v is not null group by 1 order by n desc, 1 limit ${whole(limit)}`,
      [...values],
    ),
  );
  return reader.getRowsJson().map(([found, count]) => ({ value: String(found), count: Number(count) }));
};

/**
 * Asks files, where some are of older versions with the columns added that they lack, and so where all are: without files there are
 * none at all. Most are of one version, and asking these for no more than they have costs half.
 */
const inFiles = async <T>(files: readonly string[], ask: (source: string) => Promise<T>): Promise<T> => {
  if (files.length === 0) return ask(emptyTable);
  const padded = `(select *, filename from ${parquet(files)} union all by name select * from ${emptyTable})`;
  for (const source of [parquetAlike(files), parquet(files)]) {
    try {
      return await ask(source);
    } catch (error) {
      if (!lacksColumn.test(messageOf(error))) throw error;
    }
  }
  return ask(padded);
};

/** No file has it, or the first one; or it has, and another one lacks it. */
const lacksColumn =
  /^Binder Error: Referenced column|^Invalid Input Error: Failed to read file .*: schema mismatch in glob/;

const fieldNames = Object.keys(telemetryFields) as FieldName[];
const emptyTable = `(select ${columns.map(({ name, type }) => `null::${type} as ${column(name)}`).join(', ')} where false)`;
const places = ['@timestamp', 'host.id', 'event.sequence'] as const satisfies readonly FieldName[];
const order = places.map((name) => `${column(name)} desc`).join(', ');

/** Numbers that become part of the SQL are numbers. */
const whole = (value: number): number => {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no count.`);
  return value;
};

const whereOf = (scope: SearchScope, after?: EventCursor): Condition => {
  const values: Value[] = [];
  const bind: Bind = (value) => {
    values.push(value);
    return `$${values.length}`;
  };
  const at = column('@timestamp');
  const parts = [`${at} >= ${bind(scope.from)}`, `${at} < ${bind(scope.to)}`, ...huntWithin(scope, bind)];
  if (after !== undefined)
    parts.push(
      `(${places.map(column).join(', ')}) < (${bind(after.at)}, ${bind(after.host)}, ${bind(after.sequence)})`,
    );
  return { sql: parts.join(' and '), values };
};

const huntWithin = ({ hunt, allowed }: SearchScope, bind: Bind): readonly string[] => {
  if (allowed === undefined) return [conditionOf(hunt, bind)];
  const { costly = [], cheap = [] } = Object.groupBy(hunt.kind === 'and' ? hunt.parts : [hunt], (part) =>
    isCostly(part) ? 'costly' : 'cheap',
  );
  // As a table, which is hashed once; a list of values would be compared one by one with each event. No id holds a space.
  const among = (name: FieldName, ids: readonly string[]): string =>
    ids.length === 0 ? 'false' : `${column(name)} in (select unnest(string_split(${bind(ids.join(' '))}, ' ')))`;
  const isAllowed = `coalesce(${among('host.id', allowed.hosts)} or ${among('container.id', allowed.containers)}, false)`;
  const parts = cheap.map((part) => conditionOf(part, bind));
  if (costly.length === 0) return [...parts, isAllowed];
  // By itself the engine would read the texts of all events through, also of those that nobody may see.
  return [...parts, `case when ${isAllowed} then ${conditionOf({ kind: 'and', parts: costly }, bind)} else false end`];
};

/** The engine hands large numbers over as text; ours all fit. */
const eventOf = (names: readonly FieldName[], row: readonly unknown[]): FoundEvent =>
  Object.fromEntries(
    names.flatMap((name, index) => {
      const value = row[index];
      if (value === null || value === undefined) return [];
      const { type } = telemetryFields[name];
      return [[name, type === 'number' || type === 'time' ? Number(value) : value]];
    }),
  );
