import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type FieldName, type TelemetryEvent, telemetryFields } from '@parapet/contract/telemetry';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rowOf } from './columns.ts';
import { openEngine } from './engine.ts';
import { mergeEvents, writeEvents } from './files.ts';
import { createFilledColumns } from './filled-columns.ts';
import { findEvents } from './search.ts';

const folder = mkdtempSync(join(tmpdir(), 'parapet-filled-'));
let engine: DuckDBConnection;
beforeAll(async () => {
  engine = await openEngine({ memoryMegabytes: 256, threads: 1, folder });
});
afterAll(() => {
  engine.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

const write = async (name: string, events: readonly Partial<TelemetryEvent>[]): Promise<string> => {
  const rows = events.map((event, sequence) =>
    rowOf({ '@timestamp': 1 + sequence, 'event.action': 'exec', ...event }, { ...by, sequence }),
  );
  const ndjson = join(folder, `${name}.ndjson`);
  writeFileSync(ndjson, rows.map((row) => JSON.stringify(row)).join('\n'));
  const { path } = await writeEvents(engine, ndjson, join(folder, `${name}.parquet`));
  return path;
};
const by = { hostId: '11111111-1111-4111-8111-111111111111', hostName: 'web', ingestedUs: 1 };
/** What every event has, and lists, of which an empty one cannot be told from none. */
const always = Object.keys(telemetryFields).filter(
  (name) =>
    ['keywords', 'ips'].includes(telemetryFields[name as FieldName].type) ||
    ['@timestamp', 'event.action', 'host.id', 'host.name', 'event.ingested', 'event.sequence'].includes(name),
);
const inOrder = (names: readonly string[]) => Object.keys(telemetryFields).filter((name) => names.includes(name));

it('names a field of which a single event among thousands has something, of every type', async () => {
  const one: Readonly<Record<string, unknown>> = {
    'process.name': 'nc',
    'process.args': ['nc'],
    'process.pid': 7,
    'parapet.process.memfd': false,
    'destination.ip': '10.0.0.1',
    'dns.resolved_ip': ['10.0.0.2'],
    'process.start': 5,
  };
  expect(new Set(Object.keys(one).map((name) => telemetryFields[name as FieldName].type)).size).toBe(7);
  const many = Array.from({ length: 5000 }, () => ({}));
  for (const [name, value] of Object.entries(one)) {
    const path = await write(`one-${name}`, [...many, { [name]: value }, ...many]);
    expect(await createFilledColumns(engine)([path])).toEqual(inOrder([...always, name]));
  }
});

it('puts the fields of several files together, merged ones too, and asks a file once', async () => {
  const user = await write('user', [{ 'user.id': 0 }]);
  const file = await write('file', [{ 'file.path': '' }, { 'process.pid': 0 }]);
  const filledIn = createFilledColumns(engine);
  expect(await filledIn([user])).toEqual(inOrder([...always, 'user.id']));
  expect(await filledIn([user, file])).toEqual(inOrder([...always, 'user.id', 'file.path', 'process.pid']));
  const { path } = await mergeEvents(engine, { paths: [user, file], rows: 3 }, join(folder, 'merged.parquet'));
  expect(await filledIn([path])).toEqual(inOrder([...always, 'user.id', 'file.path', 'process.pid']));
  rmSync(user);
  expect(await filledIn([user])).toEqual(inOrder([...always, 'user.id']));
  expect(await filledIn([])).toEqual([]);
});

it('leaves no list out, also where all are empty', async () => {
  const path = await write('lists', [{ 'process.args': [] }, {}]);
  const scope = { files: [path], from: 0, to: 10, hunt: { kind: 'all' } } as const;
  const found = await findEvents(engine, createFilledColumns(engine), scope, { limit: 5 });
  expect(found.map((event) => event['process.args'])).toEqual([undefined, []]);
});
