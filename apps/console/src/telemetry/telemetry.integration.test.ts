import { randomUUID } from 'node:crypto';
import { readdirSync, renameSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { controlSocketPath } from '@parapet/contract/control';
import { actionVocabulary, type TelemetryAccount, type TelemetryEvent } from '@parapet/contract/telemetry';
import { encodeFrame } from '@parapet/contract/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGraphFixture } from '../graph/testing/graph-fixture.ts';
import { startTestConsole, type TestConsole } from '../testing/test-console.ts';
import { tellEvents } from './testing/tell-events.ts';

let running: TestConsole;
let web: string;
let database: string;
let operator: Readonly<Record<string, string>>;
const startMs = Date.now() - 3_600_000;
const longAgoMs = startMs - 7_200_000;

const exec = (index: number, more: Partial<TelemetryEvent> = {}): TelemetryEvent => ({
  '@timestamp': (startMs + index * 1000) * 1000,
  'event.action': 'exec',
  'process.name': index % 2 === 0 ? 'nc' : 'bash',
  'process.pid': 100 + index,
  'user.id': 0,
  ...more,
});
const account = (to: number, more: Partial<TelemetryAccount>): TelemetryAccount => ({
  kind: 'account',
  collector: 'activity',
  ...{ since: longAgoMs, to, produced: 0, told: 0, lost: [], unwanted: 0 },
  ...more,
});

beforeAll(async () => {
  running = await startTestConsole();
  operator = await running.tokenOf({ role: 'operator' });
  const graph = createGraphFixture(running.console.platform.db, new Date(longAgoMs));
  web = await graph.host('web-01');
  database = await graph.host('db-01');
  const events = Array.from({ length: 100 }, (_, index) => exec(index));
  await tellEvents(running.console.telemetry, web, [
    [...events.slice(0, 60), account(startMs + 60_000, { produced: 60, told: 60 })],
    [
      ...events.slice(60),
      account(startMs + 120_000, {
        produced: 107,
        told: 100,
        lost: [{ stage: 'kernel', cause: 'ring full', count: 7 }],
      }),
    ],
  ]);
  await tellEvents(running.console.telemetry, database, [[exec(5, { 'process.name': 'postgres' })]]);
});
afterAll(() => running[Symbol.asyncDispose]());

const span = `since=${new Date(startMs - 1000).toISOString()}&until=${new Date(startMs + 600_000).toISOString()}`;
const ask = async (path: string, headers = operator) => {
  const answer = await running.send({ method: 'GET', url: `/api/v1/hunt/${path}`, headers });
  return { status: answer.status, json: answer.json };
};
const q = (text: string): string => `q=${encodeURIComponent(text)}`;

/** Asks as the command line does: over the socket in the data folder. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
const askControl = (body: object): Promise<any> =>
  new Promise((resolve, reject) => {
    const socketPath = join(running.console.platform.folder.root, controlSocketPath);
    request({ socketPath, method: 'POST', path: '/hunt' }, (response) => json(response).then(resolve, reject))
      .on('error', reject)
      .end(JSON.stringify(body));
  });

describe('hunting', () => {
  test('finds events by the language, newest first, page by page, with the host that told them', async () => {
    const first = await ask(`events?${span}&${q('process.name = nc and user.id = 0')}&limit=30`);
    expect(first.status).toBe(200);
    expect(first.json.items.length).toBe(30);
    expect(first.json.items[0]).toMatchObject({ 'process.pid': 198, 'host.id': web, 'host.name': 'web-01' });
    const second = await ask(
      `events?${span}&${q('process.name = nc and user.id = 0')}&limit=30&after=${first.json.next}`,
    );
    expect(second.json.items.length).toBe(20);
    expect(second.json.next).toBeUndefined();
    expect(second.json.items.at(-1)['process.pid']).toBe(100);
  });

  test('counts over time and by value', async () => {
    const histogram = await ask(`histogram?${span}&${q('host.name = web-01')}`);
    expect(histogram.json.total).toBe(100);
    const values = await ask(`values?${span}&field=process.name`);
    expect(values.json.values).toEqual([
      { value: 'bash', count: 50 },
      { value: 'nc', count: 50 },
      { value: 'postgres', count: 1 },
    ]);
  });

  test('says with every answer what the span lacks', async () => {
    const { json } = await ask(`events?${span}&limit=1`);
    expect(json.gaps).toEqual([
      {
        hostId: web,
        hostName: 'web-01',
        collector: 'activity',
        from: new Date(startMs + 60_000).toISOString(),
        to: new Date(startMs + 120_000).toISOString(),
        lost: 7,
        cause: 'kernel: ring full',
      },
    ]);
    const before = `since=${new Date(startMs - 1000).toISOString()}&until=${new Date(startMs + 30_000).toISOString()}`;
    expect((await ask(`events?${before}&limit=1`)).json.gaps).toEqual([]);
  });

  test('refuses what it cannot read and says where and what would be right', async () => {
    const wrong = await ask(`events?${span}&${q('proces.name = nc')}`);
    expect(wrong.status).toBe(400);
    expect(wrong.json.error).toMatchObject({ code: 'bad-hunt', details: { at: 0 } });
    expect(wrong.json.error.details.suggestions).toContain('process.name');
    expect((await ask(`events?${span}&${q('process.name ~ "("')}`)).status).toBe(400);
    expect((await ask(`events?since=${new Date().toISOString()}&until=${new Date(0).toISOString()}`)).status).toBe(400);
    expect((await ask(`events?${span}&after=nonsense`)).status).toBe(400);
  });

  test('is for operators: what people did is not for everybody who looks at the state', async () => {
    const viewer = await running.tokenOf({ role: 'viewer' });
    expect((await ask(`events?${span}`, viewer)).status).toBe(403);
  });

  test('is written down: once for a hunt, not for its pages', async () => {
    const { db } = running.console.platform;
    const text = 'process.name = nc and process.pid > 7';
    const first = await ask(`events?${span}&${q(text)}&limit=10`);
    await ask(`events?${span}&${q(text)}&limit=10&after=${first.json.next}`);
    await ask(`histogram?${span}&${q(text)}`);
    const entries = await db.selectFrom('audit_log').selectAll().where('action', '=', 'hunt.search').execute();
    expect(entries.filter(({ details }) => details['q'] === text)).toHaveLength(1);
  });

  test('answers the command line of the machine for every host, and writes that down', async () => {
    const times = { since: new Date(startMs - 1000).toISOString(), until: new Date(startMs + 600_000).toISOString() };
    const hunt = { q: 'process.name in (nc, postgres)', ...times, limit: 30 };
    const first = await askControl(hunt);
    expect(first.items).toHaveLength(30);
    expect(first.gaps).toMatchObject([{ hostName: 'web-01', lost: 7 }]);
    const second = await askControl({ ...hunt, after: first.next });
    expect(second.items).toHaveLength(21);
    expect(await askControl({ ...hunt, q: 'proces.name = nc' })).toMatchObject({
      error: { code: 'bad-hunt', details: { at: 0, suggestions: expect.arrayContaining(['process.name']) } },
    });
    const entries = await running.console.platform.db
      .selectFrom('audit_log')
      .selectAll()
      .where('action', '=', 'hunt')
      .execute();
    expect(entries).toMatchObject([{ actor_kind: 'system', outcome: 'succeeded', details: { q: hunt.q } }]);
  });

  test('exports all of it, past the pages, and names the file for what is missing', async () => {
    const get = (path: string) => running.send({ method: 'GET', url: `/api/v1/hunt/${path}`, headers: operator });
    const csv = await get(`export?${span}&format=csv&${q('host.name = web-01')}`);
    expect(csv.status).toBe(200);
    expect(csv.headers['content-disposition']).toContain('hunt-with-gaps.csv');
    const [head = '', ...lines] = csv.text.trim().split('\r\n');
    expect(head.split(',')).toContain('process.name');
    expect(lines).toHaveLength(100);
    const whole = `since=${new Date(startMs - 1000).toISOString()}&until=${new Date(startMs + 30_000).toISOString()}`;
    const ndjson = await get(`export?${whole}&${q('process.name = bash')}`);
    expect(ndjson.headers['content-disposition']).toContain('"hunt.ndjson"');
    expect(
      ndjson.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)['process.name']),
    ).toEqual(Array(15).fill('bash'));
    expect((await get(`export?${span}&${q('proces.name = nc')}`)).status).toBe(400);
    const parquet = await get(`export?${span}&format=parquet&${q('host.name = web-01')}`);
    expect(parquet.headers['content-disposition']).toContain('hunt-with-gaps.parquet');
    expect(parquet.text.slice(0, 4) + parquet.text.slice(-4)).toBe('PAR1PAR1');
    expect(readdirSync(join(running.console.platform.folder.root, 'telemetry', 'events')).join()).not.toContain(
      'export',
    );
    const entries = await running.console.platform.db
      .selectFrom('audit_log')
      .selectAll()
      .where('action', '=', 'hunt.export')
      .execute();
    expect(entries.map(({ details }) => details['format'])).toEqual(['csv', 'ndjson', 'parquet']);
  });

  test('says what became of a host’s events in a span, by stage and cause', async () => {
    const whole = await ask(`accounts/${web}?${span}`);
    expect(whole.json).toMatchObject({
      collectors: [
        {
          ...{ collector: 'activity', produced: 107, told: 100, unwanted: 0, lost: 7 },
          losses: [{ stage: 'kernel', cause: 'ring full', count: 7 }],
        },
      ],
      blind: [],
    });
    const lost = whole.json.buckets.reduce((sum: number, bucket: { lost: number }) => sum + bucket.lost, 0);
    expect(lost).toBe(7);
    const later = `since=${new Date(startMs + 90_000).toISOString()}&until=${new Date(startMs + 600_000).toISOString()}`;
    expect((await ask(`accounts/${web}?${later}`)).json.collectors).toMatchObject([
      { produced: 47, told: 40, lost: 7 },
    ]);
    expect((await ask(`accounts/${randomUUID()}?${span}`)).status).toBe(404);
  });

  test('keeps hunts for everybody, replaces one’s own of the same name, and lets only its owner or an admin delete it', async () => {
    const send = (method: 'POST' | 'DELETE', path: string, headers: Readonly<Record<string, string>>, body?: object) =>
      running.send({
        ...{ method, url: `/api/v1/saved-hunts${path}` },
        headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
    const hunt = { name: 'shells', q: 'process.name = sh', minutes: 60 };
    const first = await send('POST', '', operator, hunt);
    expect(first.status).toBe(200);
    const again = await send('POST', '', operator, { ...hunt, minutes: 15 });
    expect(again.json.id).toBe(first.json.id);
    expect((await send('POST', '', operator, { ...hunt, q: 'proces.name = sh' })).status).toBe(400);
    const list = await running.send({ method: 'GET', url: '/api/v1/saved-hunts', headers: operator });
    expect(list.json.items).toMatchObject([{ ...hunt, minutes: 15 }]);
    await running.console.platform.db.updateTable('saved_hunts').set({ created_by: 'somebody else' }).execute();
    expect((await send('DELETE', `/${first.json.id}`, operator)).status).toBe(404);
    const admin = await running.tokenOf({ role: 'admin' });
    expect((await send('DELETE', `/${first.json.id}`, admin)).status).toBe(204);
  });

  test('says that the policy left events out, in the answer, to the command line and in the name of a file', async () => {
    const { db } = running.console.platform;
    await db
      .updateTable('sensors')
      .set({ telemetry_policy: JSON.stringify({ digest: 'default', off: [], vocabulary: actionVocabulary }) })
      .where('host_id', '=', web)
      .execute();
    const rules = [{ name: 'no ends', actions: ['exit'], keep: 0 }];
    await db
      .insertInto('telemetry_policies')
      .values({ version: 1, rules: JSON.stringify(rules), created_at: new Date(startMs), created_by: 'ada' })
      .execute();
    const times = {
      since: new Date(startMs - 1000).toISOString(),
      until: new Date(startMs + 30_000).toISOString(),
    };
    const early = `since=${times.since}&until=${times.until}`;
    const said = [{ hostName: 'web-01', collector: 'policy', cause: 'version 1 leaves out exit' }];
    expect((await ask(`events?${early}&limit=1`)).json.gaps).toMatchObject(said);
    expect((await askControl({ q: '', ...times, limit: 1 })).gaps).toMatchObject(said);
    const file = await running.send({ method: 'GET', url: `/api/v1/hunt/export?${early}`, headers: operator });
    expect(file.headers['content-disposition']).toContain('"hunt-with-policy-gaps.ndjson"');
    await db.deleteFrom('telemetry_policies').execute();
  });

  test('knows its fields', async () => {
    const { json } = await ask('fields');
    expect(json.fields.map(({ name }: { name: string }) => name)).toContain('process.name');
    expect(json.store.events).toBe(101);
  });

  test('finds who signed in and what changed about users, and says when logins were not seen', async () => {
    const [at, from] = [startMs - 1_500_000, new Date(startMs - 1_700_000)];
    const signedIn: TelemetryEvent = {
      ...{ '@timestamp': at * 1000, 'event.action': 'login', 'event.outcome': 'success', 'user.name': 'root' },
      ...{ 'parapet.login.evidence': 'text', 'parapet.login.service': 'sshd', 'source.domain': 'box.example' },
    };
    const changed: TelemetryEvent = {
      ...{ '@timestamp': at * 1000 + 1, 'event.action': 'user-change', 'file.path': '/etc/passwd' },
      ...{ 'user.target.id': 0, 'user.target.name': 'eve', 'parapet.change.type': 'added' },
      ...{ 'parapet.change.while_away': true, 'parapet.namespace.net': 4_026_531_840 },
    };
    await tellEvents(running.console.telemetry, database, [[signedIn, changed]]);
    const graph = createGraphFixture(running.console.platform.db, from);
    await graph.blind(database, { from, to: new Date(at) }, 'logins');
    const then = `since=${from.toISOString()}&until=${new Date(at + 60_000).toISOString()}`;
    const found = await ask(
      `events?${then}&${q('(parapet.login.service = sshd or user.target.id = 0) and host.name = db-01')}`,
    );
    expect(found.json.items).toMatchObject([changed, signedIn]);
    expect(found.json.gaps).toMatchObject([{ hostId: database, collector: 'logins' }]);
  });
});

describe('the store', () => {
  const folder = (): string => join(running.console.platform.folder.root, 'telemetry', 'events');

  test('accounts for every event that was produced', async () => {
    const rows = await running.console.platform.db
      .selectFrom('telemetry_accounts')
      .selectAll()
      .where('host_id', '=', web)
      .orderBy('until', 'desc')
      .execute();
    const last = rows[0];
    const { json } = await ask(`histogram?${span}&${q('host.name = web-01')}`);
    expect(json.total + Number(last?.lost) + Number(last?.unwanted)).toBe(Number(last?.produced));
    const losses = await running.console.platform.db
      .selectFrom('losses')
      .selectAll()
      .where('host_id', '=', web)
      .execute();
    expect(losses).toMatchObject([
      { collector: 'activity', stage: 'kernel', cause: 'ring full', kind: 'events', lost: 7 },
    ]);
  });

  test('counts lines that are no events, and keeps the rest of their frame', async () => {
    const { port, store } = running.console.telemetry;
    const { epoch, seq } = port.position(database);
    const acked: number[] = [];
    const intake = port.open({
      hostId: database,
      skewMs: () => 0,
      note: () => {},
      refuse: () => {},
      flow: (flow) => acked.push(flow.acked),
      onFailed: () => {},
    });
    intake.grant();
    const lines = [
      '{',
      '{"kind":"event","event":{"event.action":"dance"}}',
      JSON.stringify({ kind: 'event', event: exec(7) }),
    ];
    const header = { channel: 'telemetry', epoch, seq: seq + 1 } as const;
    intake.onFrame(
      encodeFrame({ ...header, body: Buffer.from(lines.join('\n')) }),
      { ...header, compressed: false },
      Date.now(),
    );
    while (acked.at(-1) !== seq + 1) await new Promise((resolve) => setImmediate(resolve));
    intake.close();
    await store.settle();
    expect((await ask(`histogram?${span}&${q('host.name = db-01')}`)).json.total).toBe(2);
    const refused = await running.console.platform.db
      .selectFrom('telemetry_accounts')
      .selectAll()
      .where('collector', '=', 'console')
      .execute();
    expect(refused).toMatchObject([{ host_id: database, lost: 2 }]);
  });

  test('puts small files together, loses none, and deletes the old ones later', async () => {
    const frames = Array.from({ length: 24 }, (_, index) => [exec(200 + index, { 'process.name': 'merge-me' })]);
    for (const frame of frames) await tellEvents(running.console.telemetry, web, [frame]);
    const { db } = running.console.platform;
    await db
      .updateTable('telemetry_files')
      .set({ stored_at: new Date(startMs) })
      .execute();
    const before = readdirSync(folder()).length;
    await running.console.telemetry.store.tidy();
    const inUse = await db.selectFrom('telemetry_files').selectAll().where('retired_at', 'is', null).execute();
    expect(inUse.length).toBeLessThan(before);
    expect((await ask(`histogram?${span}&${q('process.name = merge-me')}`)).json.total).toBe(24);
    await db
      .updateTable('telemetry_files')
      .set({ retired_at: new Date(startMs) })
      .where('retired_at', 'is not', null)
      .execute();
    await running.console.telemetry.store.tidy();
    expect(readdirSync(folder()).length).toBe(inUse.length);
    expect((await ask(`histogram?${span}&${q('process.name = merge-me')}`)).json.total).toBe(24);
  });
});

test('a burst of more events than can be sorted at once is stored in several files, whole', async () => {
  const { db } = running.console.platform;
  const host = await createGraphFixture(db, new Date(startMs)).host('busy-01');
  const files = async () => (await db.selectFrom('telemetry_files').select('path').execute()).length;
  const before = await files();
  const frames = Array.from({ length: 28 }, (_, frame) =>
    Array.from({ length: 3000 }, (_, index) => exec(2000, { 'process.pid': 1 + frame * 3000 + index })),
  );
  await tellEvents(running.console.telemetry, host, frames);
  expect((await files()) - before).toBeGreaterThanOrEqual(2);
  const counted = await ask(
    `histogram?since=${new Date(startMs + 1_900_000).toISOString()}&until=${new Date(startMs + 2_100_000).toISOString()}&${q('host.name = "busy-01"')}`,
  );
  expect(counted.json.total).toBe(84_000);
});

test('a name that cannot be stored as it is stops nobody’s events', async () => {
  const host = await createGraphFixture(running.console.platform.db, new Date(startMs)).host('odd-01');
  await tellEvents(running.console.telemetry, host, [
    [exec(2100, { 'process.name': 'a\ud800b', 'process.args': ['\udc00', '\0', 'plain'] })],
  ]);
  const told = `since=${new Date(startMs + 2_050_000).toISOString()}&until=${new Date(startMs + 2_150_000).toISOString()}`;
  const { items } = (await ask(`events?${told}&limit=10`)).json;
  expect(items).toEqual([
    expect.objectContaining({ 'process.name': 'a\ufffdb', 'process.args': ['\ufffd', '\ufffd', 'plain'] }),
  ]);
});

test('events that cannot be stored wait, which is said, and are found once they can', async () => {
  const { telemetry, platform } = running.console;
  const host = await createGraphFixture(platform.db, new Date(startMs)).host('patient-01');
  const folder = join(platform.folder.root, 'telemetry', 'events');
  const stores = async () =>
    (await running.send({ method: 'GET', url: '/api/v1/status', headers: operator })).json.stores;
  expect(await stores()).toContainEqual(expect.objectContaining({ name: 'events', state: 'ok' }));
  renameSync(folder, `${folder}.away`);
  await tellEvents(telemetry, host, [[exec(2200)]]);
  expect(await stores()).toContainEqual(
    expect.objectContaining({ name: 'events', state: 'away', detail: expect.stringContaining('wait to be stored') }),
  );
  renameSync(`${folder}.away`, folder);
  await tellEvents(telemetry, host, [[exec(2201)]]);
  expect(telemetry.store.health().state).toBe('ok');
  const told = `since=${new Date(startMs + 2_150_000).toISOString()}&until=${new Date(startMs + 2_250_000).toISOString()}`;
  expect((await ask(`events?${told}&limit=10`)).json.items).toHaveLength(2);
});
