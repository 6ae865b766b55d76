import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChildMessage } from '@parapet/contract/control';

/** Starting and idling of the console with embedded stores: the built program where there is a build, else the sources. */
export const run = async (): Promise<Readonly<Record<string, number | string>>> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'ppt-bench-'));
  await chmod(dataDir, 0o711);
  try {
    const cold = await start(dataDir);
    await stop(cold);
    const warm = await start(dataDir);
    await using _ = { [Symbol.asyncDispose]: async () => void (await stop(warm)) };
    const requests = await measureRequests(dataDir, warm.address);
    await sleep(idleSeconds * 1000);
    const memory = await measureMemory(warm.child.pid ?? 0, dataDir);
    const stopMs = await stop(warm);
    return {
      program: existsSync(built) ? 'build' : 'sources',
      coldStartMs: cold.readyMs,
      warmStartMs: warm.readyMs,
      stopMs,
      ...requests,
      idleAfterSeconds: idleSeconds,
      ...memory,
    };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
};

const idleSeconds = 20;
const built = join(import.meta.dirname, '../build/console.js');
const source = join(import.meta.dirname, '../apps/console/src/main.ts');

type Started = { readonly child: ChildProcess; readonly address: string; readonly readyMs: number };

const start = async (dataDir: string): Promise<Started> => {
  const startedAt = performance.now();
  const program = existsSync(built) ? built : source;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { PARAPET_DATA_DIR: dataDir, PARAPET_HOST: '127.0.0.1', PARAPET_PORT: '0' },
  });
  const address = await new Promise<string>((resolve, reject) => {
    child.on('message', (raw) => {
      const message = ChildMessage.parse(raw);
      if (message.kind === 'ready') resolve(message.addresses[0] ?? '');
      if (message.kind === 'failed') reject(new Error(message.message));
    });
  });
  return { child, address, readyMs: Math.round(performance.now() - startedAt) };
};

const stop = async ({ child }: Started): Promise<number> => {
  if (child.exitCode !== null) return 0;
  const startedAt = performance.now();
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
  return Math.round(performance.now() - startedAt);
};

/** Proportional memory (shared pages counted once) of the console and its database. */
const measureMemory = async (consolePid: number, dataDir: string): Promise<Readonly<Record<string, number>>> => {
  const postmaster = Number((await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0]);
  const backends = await childrenOf(postmaster);
  const console = await memoryOf(consolePid);
  const database = (await Promise.all([postmaster, ...backends].map(memoryOf))).reduce(
    (sum, { pssMb }) => sum + pssMb,
    0,
  );
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    consoleRssMb: round(console.rssMb),
    consolePssMb: round(console.pssMb),
    databasePssMb: round(database),
    databaseProcesses: backends.length + 1,
    totalPssMb: round(console.pssMb + database),
  };
};

const memoryOf = async (pid: number): Promise<{ rssMb: number; pssMb: number }> => {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024;
  return { rssMb: field('Rss'), pssMb: field('Pss') };
};

const childrenOf = async (parent: number): Promise<readonly number[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => {
    const stat = stats[index] ?? '';
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
  });
};

/** A signed-in request over TLS, one after the other on one connection: the floor of every answer. */
const measureRequests = async (dataDir: string, address: string): Promise<Readonly<Record<string, number>>> => {
  const link = JSON.parse(await control(dataDir, '/admin-link')) as { url: string };
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  const signInStart = performance.now();
  const made = await send(agent, `${address}/api/v1/links/use`, {
    secret: new URL(link.url).hash.slice(1),
    username: 'bench',
    password: 'correct horse battery staple',
  });
  const signInMs = performance.now() - signInStart;
  const cookie = made.cookie;
  const durations: number[] = [];
  for (let count = 0; count < 2_200; count += 1) {
    const startedAt = performance.now();
    await send(agent, `${address}/api/v1/session`, undefined, cookie);
    if (count >= 200) durations.push(performance.now() - startedAt);
  }
  durations.sort((a, b) => a - b);
  const at = (share: number): number => Math.round((durations[Math.floor(durations.length * share)] ?? 0) * 100) / 100;
  agent.destroy();
  return { firstAdminMs: Math.round(signInMs), requestP50Ms: at(0.5), requestP99Ms: at(0.99) };
};

const control = (dataDir: string, path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        socketPath: join(dataDir, 'run/control.sock'),
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
      },
      (response) => collect(response, resolve),
    );
    request.on('error', reject);
    request.end('{}');
  });

const send = (agent: Agent, url: string, body?: unknown, cookie?: string): Promise<{ text: string; cookie: string }> =>
  new Promise((resolve, reject) => {
    const request = httpsRequest(
      url,
      {
        agent,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          origin: new URL(url).origin,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(cookie === undefined ? {} : { cookie }),
        },
      },
      (response) => {
        const set = (response.headers['set-cookie'] ?? [''])[0]?.split(';')[0] ?? '';
        collect(response, (text) => {
          if (response.statusCode === 200) resolve({ text, cookie: set });
          else reject(new Error(`${response.statusCode}: ${text}`));
        });
      },
    );
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });

const collect = (stream: NodeJS.ReadableStream, done: (text: string) => void): void => {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => done(Buffer.concat(chunks).toString('utf8')));
};
