import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseHunt } from '../language/parse.ts';
import { rowOf } from './columns.ts';
import { openEngine } from './engine.ts';
import { type EventFile, mergeEvents, sortableRows, writeEvents } from './files.ts';
import { createFilledColumns, type FilledColumns } from './filled-columns.ts';
import { allEvents, countOverTime, exportEvents, findEvents, type SearchScope, topValues } from './search.ts';

const folder = mkdtempSync(join(tmpdir(), 'parapet-events-'));
const hosts = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const;
const startUs = 1_800_000_000_000_000;
let engine: DuckDBConnection;
let filledIn: FilledColumns;
let files: EventFile[];

const event = (index: number): TelemetryEvent => ({
  '@timestamp': startUs + index * 1_000_000,
  'event.action': index % 3 === 0 ? 'connect' : 'exec',
  'process.pid': 100 + index,
  'process.name': ['nc', 'bash', 'curl'][index % 3] ?? '',
  'process.args': ['run', `--number=${index}`, index % 2 === 0 ? 'it’s "even"' : 'odd%_'],
  'user.id': index % 5,
  ...(index % 4 === 0 ? { 'container.id': 'c'.repeat(64) } : {}),
  ...(index % 3 === 0
    ? { 'destination.ip': index % 2 === 0 ? `10.0.0.${index}` : '2001:db8::1', 'destination.port': 443 }
    : {}),
  ...(index === 7 ? { 'parapet.process.memfd': true } : {}),
});

const write = async (name: string, host: string, from: number, to: number): Promise<EventFile> => {
  const rows: string[] = [];
  for (let index = from; index < to; index += 1)
    rows.push(
      JSON.stringify(rowOf(event(index), { hostId: host, hostName: 'web', ingestedUs: startUs, sequence: index })),
    );
  const ndjson = join(folder, `${name}.ndjson`);
  writeFileSync(ndjson, rows.join('\n'));
  return writeEvents(engine, ndjson, join(folder, `${name}.parquet`));
};

beforeAll(async () => {
  engine = await openEngine({ memoryMegabytes: 256, threads: 1, folder });
  filledIn = createFilledColumns(engine);
  files = [await write('a', hosts[0], 0, 60), await write('b', hosts[1], 60, 100)];
});
afterAll(() => {
  engine.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

const scope = (text: string, more: Partial<SearchScope> = {}): SearchScope => {
  const hunt = parseHunt(text);
  if (!hunt.ok) throw new Error(hunt.error.message);
  return {
    files: files.map(({ path }) => path),
    from: startUs,
    to: startUs + 1_000_000_000,
    hunt: hunt.value,
    ...more,
  };
};

const found = async (text: string, more: Partial<SearchScope> = {}): Promise<number[]> => {
  const events = await findEvents(engine, filledIn, scope(text, more), { limit: 1000 });
  return events.map((each) => Number(each['process.pid']) - 100).toReversed();
};
const where = (test: (index: number) => boolean): number[] =>
  Array.from({ length: 100 }, (_, index) => index).filter(test);

describe('the store of events', () => {
  it('exports what is found to a file of its own, no more than asked for, and one without rows for nothing', async () => {
    const path = join(folder, 'export.parquet');
    const count = async (): Promise<number> =>
      Number((await engine.runAndReadAll(`select count("process.name") from '${path}'`)).getRowsJson()[0]?.[0]);
    expect(await exportEvents(engine, scope('process.name = nc'), { path, limit: 1000 })).toBe(34);
    expect(await count()).toBe(34);
    expect(await exportEvents(engine, scope('process.name = nc'), { path, limit: 5 })).toBe(5);
    expect(await exportEvents(engine, scope('', { files: [] }), { path, limit: 5 })).toBe(0);
    expect(await count()).toBe(0);
  });

  it('knows what is in a file', () => {
    expect(files[0]).toMatchObject({ rows: 60, firstAt: startUs, lastAt: startUs + 59_000_000, hosts: [hosts[0]] });
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('gives events back as they were told, newest first, with what the console added', async () => {
    const [newest, next] = await findEvents(engine, filledIn, scope(''), { limit: 2 });
    expect(newest).toEqual({
      ...event(99),
      'host.id': hosts[1],
      'host.name': 'web',
      'event.ingested': startUs,
      'event.sequence': 99,
    });
    expect(next?.['process.pid']).toBe(198);
  });

  it('answers every kind of test as it is meant', async () => {
    const cases: readonly (readonly [string, (index: number) => boolean])[] = [
      ['process.name = nc and user.id = 0', (i) => i % 3 === 0 && i % 5 === 0],
      ['process.name != nc', (i) => i % 3 !== 0],
      ['process.name in (bash, curl)', (i) => i % 3 !== 0],
      ['process.name = "b?s*"', (i) => i % 3 === 1],
      ['process.name ~ "^(nc|curl)$"', (i) => i % 3 !== 1],
      ['process.args = "odd%_"', (i) => i % 2 === 1],
      ['process.args = "od*%_"', (i) => i % 2 === 1],
      ['process.args = "o*x*"', () => false],
      [`process.args ~ '"even"'`, (i) => i % 2 === 0],
      ['process.args = "--number=7"', (i) => i === 7],
      ['user.id >= 3', (i) => i % 5 >= 3],
      ['user.id = 1..2', (i) => i % 5 === 1 || i % 5 === 2],
      ['container.id exists', (i) => i % 4 === 0],
      ['not container.id exists', (i) => i % 4 !== 0],
      ['destination.ip = 10.0.0.0/28', (i) => i % 6 === 0 && i < 16],
      ['destination.ip = 2001:db8::/32', (i) => i % 3 === 0 && i % 2 === 1],
      ['destination.ip != 10.0.0.0/8', (i) => !(i % 6 === 0)],
      ['parapet.process.memfd = true', (i) => i === 7],
      ['host.id = 22222222-2222-4222-8222-222222222222', (i) => i >= 60],
      ['not (user.id = 0 or user.id = 1) and event.action = exec', (i) => i % 5 > 1 && i % 3 !== 0],
    ];
    for (const [text, test] of cases) expect([text, await found(text)]).toEqual([text, where(test)]);
    const allowed = { hosts: [hosts[1]], containers: ['c'.repeat(64)] };
    for (const [text, test] of cases)
      expect([text, await found(text, { allowed })]).toEqual([
        text,
        where((index) => test(index) && (index >= 60 || index % 4 === 0)),
      ]);
  });

  it('keeps to the time and the hosts that it may', async () => {
    expect(await found('', { from: startUs + 10_000_000, to: startUs + 12_000_000 })).toEqual([10, 11]);
    const allowed = (hostIds: readonly string[], containers: readonly string[] = []) => ({
      allowed: { hosts: hostIds, containers },
    });
    expect(await found('', allowed([hosts[1]]))).toEqual(where((index) => index >= 60));
    expect(await found('', allowed([]))).toEqual([]);
    expect(await found('user.id = 0 or user.id exists', allowed([hosts[0]]))).toEqual(where((index) => index < 60));
    expect(await found('', allowed([hosts[1]], ['c'.repeat(64)]))).toEqual(where((i) => i >= 60 || i % 4 === 0));
    expect(await found('', { files: [] })).toEqual([]);
  });

  it('gives all that a hunt finds, as pages would, or nothing where that is more than asked for', async () => {
    const search = scope('user.id != 4');
    const paged = await findEvents(engine, filledIn, search, { limit: 1000 });
    expect(paged).toHaveLength(80);
    for (const limit of [80, 81, 1000]) expect(await allEvents(engine, filledIn, search, limit)).toEqual(paged);
    for (const limit of [1, 79]) expect(await allEvents(engine, filledIn, search, limit)).toBeUndefined();
    expect(await allEvents(engine, filledIn, scope('user.id = 7'), 10)).toEqual([]);
    expect(await allEvents(engine, filledIn, scope('', { files: [] }), 10)).toEqual([]);
  });

  it('goes on from any place', async () => {
    const seen: number[] = [];
    let after: { at: number; host: string; sequence: number } | undefined;
    for (let page = 0; page < 20; page += 1) {
      const events = await findEvents(engine, filledIn, scope('user.id != 4'), { limit: 7, ...(after && { after }) });
      seen.push(...events.map((each) => Number(each['event.sequence'])));
      const last = events.at(-1);
      if (last === undefined) break;
      after = {
        at: Number(last['@timestamp']),
        host: String(last['host.id']),
        sequence: Number(last['event.sequence']),
      };
    }
    expect(seen.toReversed()).toEqual(where((index) => index % 5 !== 4));
  });

  it('keeps the order of hosts and of a host’s events where a whole file is of one moment', async () => {
    const at = startUs + 500_000_000;
    const rowsOf = (host: string) =>
      Array.from({ length: 80 }, (_, sequence) =>
        rowOf({ ...event(0), '@timestamp': at }, { hostId: host, hostName: 'web', ingestedUs: startUs, sequence }),
      );
    const paths: string[] = [];
    for (const [name, host] of [
      ['moment-b', hosts[1]],
      ['moment-a', hosts[0]],
    ] as const) {
      const ndjson = join(folder, `${name}.ndjson`);
      writeFileSync(
        ndjson,
        rowsOf(host)
          .map((row) => JSON.stringify(row))
          .join('\n'),
      );
      paths.push((await writeEvents(engine, ndjson, join(folder, `${name}.parquet`))).path);
    }
    const all = [1, 0].flatMap((host) => Array.from({ length: 80 }, (_, index) => [hosts[host], 79 - index]));
    for (const order of [paths, paths.toReversed()])
      for (const limit of [1, 5, 30, 79, 80, 81, 111, 160]) {
        const seen = await findEvents(engine, filledIn, scope('', { files: order }), { limit });
        expect(seen.map((each) => [each['host.id'], each['event.sequence']])).toEqual(all.slice(0, limit));
      }
    const after = { at, host: hosts[1], sequence: 3 };
    const rest = await findEvents(engine, filledIn, scope('', { files: paths }), { limit: 20, after });
    expect(rest.map((each) => [each['host.id'], each['event.sequence']])).toEqual(all.slice(77, 97));
  });

  it('counts over time and by value', async () => {
    const buckets = await countOverTime(engine, scope('process.name = nc'), { stepUs: 10_000_000 });
    expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(34);
    expect(buckets[0]).toEqual({ at: startUs, count: 4 });
    expect(await topValues(engine, scope(''), 'process.name', 2)).toEqual([
      { value: 'nc', count: 34 },
      { value: 'bash', count: 33 },
    ]);
    expect((await topValues(engine, scope(''), 'process.args', 1))[0]).toEqual({ value: 'run', count: 100 });
  });

  it('counts over time by the values of a field, which are in no step together more than in the step', async () => {
    const names = scope('process.name in (nc, bash)');
    const steps = await countOverTime(engine, names, { stepUs: 50_000_000 });
    const split = await countOverTime(engine, names, { stepUs: 50_000_000, splitBy: 'event.action' });
    expect(split).toEqual([
      { at: startUs, value: 'connect', count: 17 },
      { at: startUs, value: 'exec', count: 17 },
      { at: startUs + 50_000_000, value: 'connect', count: 17 },
      { at: startUs + 50_000_000, value: 'exec', count: 16 },
    ]);
    expect(steps).toEqual([
      { at: startUs, count: 34 },
      { at: startUs + 50_000_000, count: 33 },
    ]);
  });

  it('makes one file of several without losing or changing any', async () => {
    const merged = await mergeEvents(
      engine,
      { paths: files.map(({ path }) => path), rows: 100 },
      join(folder, 'merged.parquet'),
    );
    expect(merged).toMatchObject({ rows: 100, firstAt: startUs, lastAt: startUs + 99_000_000 });
    expect(merged.hosts.toSorted()).toEqual([...hosts]);
    expect(await found('', { files: [merged.path] })).toEqual(where(() => true));
  });

  it('puts more than it can sort one behind the other, and all is found as before', async () => {
    const long = await write('long', hosts[1], 100, 101 + sortableRows);
    const all = [...files, long];
    const merged = await mergeEvents(
      engine,
      { paths: all.map(({ path }) => path), rows: 101 + sortableRows },
      join(folder, 'long-merged.parquet'),
    );
    expect(merged).toMatchObject({ rows: 101 + sortableRows, firstAt: startUs });
    const inContainer = { to: startUs + 1e15, files: [merged.path] };
    const [{ count } = { count: 0 }] = await countOverTime(engine, scope('container.id exists', inContainer), {
      stepUs: 1e15,
    });
    expect(count).toBe(Math.ceil((101 + sortableRows) / 4));
  });

  it('touches nothing outside its folder', async () => {
    await expect(engine.runAndReadAll(`select * from read_text('/etc/hostname')`)).rejects.toThrow();
    await expect(engine.run('set enable_external_access = true')).rejects.toThrow();
  });

  it('is not slowed by a regular expression that would make others back up', async () => {
    expect(await found('process.args ~ "(o+)+$"')).toEqual([]);
  });
});
