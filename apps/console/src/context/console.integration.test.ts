import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ChildMessage } from '@parapet/contract/control';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { testRunAs } from '../testing/test-server.ts';

const patience = { timeout: 180_000, interval: 50 };
const program = join(import.meta.dirname, '../main.ts');
let folder: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ppt-main-'));
  if (testRunAs !== undefined) await chmod(folder, 0o711);
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
});

type Started = { child: ChildProcess; messages: ChildMessage[]; settled: Promise<ChildMessage> };

/** The console as `parapet up` starts it. */
const start = (environment: Readonly<Record<string, string>> = {}): Started => {
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PARAPET_DATA_DIR: folder,
      PARAPET_HOST: '127.0.0.1',
      PARAPET_PORT: '0',
      PARAPET_WEB_DIR: join(folder, 'web'),
      ...environment,
    },
  });
  children.push(child);
  const messages: ChildMessage[] = [];
  const settled = new Promise<ChildMessage>((resolve) => {
    child.on('message', (raw) => {
      const message = ChildMessage.parse(raw);
      messages.push(message);
      if (message.kind === 'ready' || message.kind === 'failed') resolve(message);
    });
  });
  return { child, messages, settled };
};

const ready = async (started: Started): Promise<string> => {
  const message = await started.settled;
  if (message.kind !== 'ready') throw new Error(JSON.stringify(message));
  return message.addresses[0] ?? '';
};

const get = (url: string): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    // The certificate is checked elsewhere; here only whether the console answers.
    const request = httpsRequest(url, { rejectUnauthorized: false, agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    request.on('error', reject);
    request.end();
  });

const control = (method: string, path: string, body?: unknown): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const request = httpRequest(
      { socketPath: join(folder, 'run/control.sock'), method, path, headers: { 'content-type': 'application/json' } },
      (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
      },
    );
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });

test('starts, says where it is, makes the first admin’s link, stops cleanly and leaves nothing running', async () => {
  const started = start();
  const url = await ready(started);
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect((await get(`${url}/healthz`)).status).toBe(200);
  expect(JSON.parse((await get(`${url}/readyz`)).body)).toMatchObject({ status: 'ready' });
  expect((await get(`${url}/metrics`)).body).toContain('parapet_database_up 1');
  const status = JSON.parse((await control('GET', '/status')).body);
  expect(status.firstAdminNeeded).toBe(true);
  expect(status.stores.map((store: { name: string; state: string }) => `${store.name} ${store.state}`)).toEqual([
    'database ok',
    'events ok',
  ]);
  const link = JSON.parse((await control('POST', '/admin-link', {})).body);
  expect(link.url).toMatch(new RegExp(`^${url}/link#[\\w-]{43}$`));
  const postmaster = Number((await readFile(join(folder, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0]);
  started.child.kill('SIGTERM');
  expect(await once(started.child, 'exit')).toEqual([0, null]);
  expect(() => process.kill(postmaster, 0)).toThrow();
});

test('ends by itself when the process that started it is gone', async () => {
  const started = start();
  await ready(started);
  started.child.disconnect();
  expect(await once(started.child, 'exit')).toEqual([0, null]);
});

test('after kill -9 the next start takes lock and database over and has all that was committed', async () => {
  const first = start();
  await ready(first);
  const { url } = JSON.parse((await control('POST', '/admin-link', {})).body);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const second = start();
  const address = await ready(second);
  const secret = new URL(url).hash.slice(1);
  const answer = await fetchInsecure(`${address}/api/v1/links/inspect`, { secret });
  expect(JSON.parse(answer)).toMatchObject({ purpose: 'first-admin' });
  expect(await readFile(join(folder, 'logs/console.log'), 'utf8')).toContain('"adopted":true');
});

test('a killed database is said and comes back without a restart', async () => {
  const started = start();
  const url = await ready(started);
  const pidFile = join(folder, 'postgres/data/postmaster.pid');
  const postmaster = Number((await readFile(pidFile, 'utf8')).split('\n')[0]);
  // Held still, it takes connections and answers none: the worst way of being away.
  process.kill(postmaster, 'SIGSTOP');
  process.kill(postmaster, 'SIGKILL');
  await vi.waitFor(async () => expect((await get(`${url}/readyz`)).status).toBe(200), patience);
  await vi.waitFor(async () => {
    expect(Number((await readFile(pidFile, 'utf8')).split('\n')[0])).not.toBe(postmaster);
    expect(JSON.parse((await get(`${url}/api/v1/setup`)).body)).toEqual({ needed: true, command: './parapet' });
  }, patience);
});

describe('what keeps it from starting is said in one sentence', () => {
  const failure = async (started: Started): Promise<string> => {
    const exited = once(started.child, 'exit');
    const message = await started.settled;
    expect(await exited).toEqual([1, null]);
    return message.kind === 'failed' ? message.message : '';
  };

  test('another console on the data folder', async () => {
    await ready(start());
    expect(await failure(start())).toMatch(/^Another Parapet console \(process \d+\) uses the data folder/);
  });

  test('a busy port', async () => {
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const { port } = busy.address() as AddressInfo;
    expect(await failure(start({ PARAPET_PORT: String(port) }))).toBe(
      `Port ${port} is used by another program. Stop it, or choose another port with --port.`,
    );
    busy.close();
  });

  test('a newer data folder, a wrong setting, a wrong address', async () => {
    expect(await failure(start({ PARAPET_PORT: 'many' }))).toContain('PARAPET_PORT');
    expect(await failure(start({ PARAPET_HOST: '192.0.2.200' }))).toMatch(/no address 192\.0\.2\.200/);
    await writeFile(join(folder, 'version.json'), '{"format":9,"version":"7.0.0"}');
    expect(await failure(start())).toMatch(/written by Parapet 7\.0\.0, which is newer/);
  });
});

const fetchInsecure = (url: string, body: unknown): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = httpsRequest(
      url,
      { method: 'POST', rejectUnauthorized: false, agent: false, headers: { 'content-type': 'application/json' } },
      (response) => {
        text(response).then(resolve, reject);
      },
    );
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
