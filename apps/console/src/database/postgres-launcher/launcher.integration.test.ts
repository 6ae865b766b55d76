import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { testRunAs } from '../../testing/test-server.ts';
import { findBinaries } from './binaries.ts';
import { type RunningPostgres, startPostgres } from './launcher.ts';
import type { PostgresOptions } from './options.ts';
import { inspectPostmaster, isAlive } from './postmaster.ts';

const patience = { timeout: 180_000, interval: 20 };
let folder: string;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ppt-l-'));
  if (testRunAs !== undefined) await chmod(folder, 0o711);
  stack = new AsyncDisposableStack();
});
afterEach(async () => {
  await stack.disposeAsync();
  await rm(folder, { recursive: true, force: true });
});

const start = async (options: Partial<PostgresOptions> = {}): Promise<RunningPostgres> => {
  const server = await startPostgres({
    rootDir: folder,
    socketDir: join(folder, 'run'),
    runAs: testRunAs,
    durable: false,
    ...options,
  });
  stack.defer(server.stop);
  return server;
};

const query = async (server: RunningPostgres, text: string): Promise<readonly Record<string, unknown>[]> => {
  const client = new pg.Client({
    host: server.socketDir(),
    port: server.port,
    user: server.user,
    database: 'postgres',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
};

test('starts on a private socket only, with checksums and a locale of its own', async () => {
  const server = await start();
  const [settings] = await query(
    server,
    `select current_setting('listen_addresses') as tcp, current_setting('data_checksums') as checksums,
     current_setting('shared_buffers') as buffers, current_setting('max_connections') as connections,
     current_setting('wal_compression') as compression, (select datlocale from pg_database where datname = 'postgres') as locale`,
  );
  expect(settings).toEqual({
    ...{ tcp: '', checksums: 'on', buffers: '64MB', connections: '40', locale: 'C.UTF-8' },
    compression: 'off',
  });
  expect((await stat(server.socketDir())).mode & 0o777).toBe(0o700);
  expect(server).toMatchObject({ adopted: false, origin: 'embedded', major: 18 });
});

test('keeps its data over a stop, and a fast stop ends open connections', async () => {
  const first = await start();
  await query(first, 'create table kept (a int); insert into kept values (7)');
  const lingering = new pg.Client({
    host: first.socketDir(),
    port: first.port,
    user: first.user,
    database: 'postgres',
  });
  lingering.on('error', () => undefined);
  await lingering.connect();
  await first.stop();
  expect(await inspectPostmaster(join(folder, 'data'))).toEqual({ kind: 'none' });
  await lingering.end().catch(() => undefined);
  const second = await start();
  expect(await query(second, 'select a from kept')).toEqual([{ a: 7 }]);
});

test('a server left by a killed console is taken over, not started twice', async () => {
  const program = `
    import { startPostgres } from ${JSON.stringify(join(import.meta.dirname, 'launcher.ts'))};
    const server = await startPostgres(${JSON.stringify({ rootDir: folder, socketDir: join(folder, 'run'), runAs: testRunAs, durable: false })});
    process.stdout.write(String(server.pid()));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await isAlive(pid)).toBe(true);
  const server = await start();
  expect(server).toMatchObject({ adopted: true });
  expect(server.pid()).toBe(pid);
  await server.stop();
  expect(await isAlive(pid)).toBe(false);
});

test('a server that is killed is started again with all that was committed', async () => {
  const events: string[] = [];
  const server = await start({ durable: true, onEvent: ({ kind }) => events.push(kind) });
  await query(server, 'create table kept (a int); insert into kept values (1)');
  const pid = server.pid();
  process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(events).toContain('restarted'), patience);
  expect(server.pid()).not.toBe(pid);
  expect(await query(server, 'select a from kept')).toEqual([{ a: 1 }]);
});

describe('what postmaster.pid says', () => {
  const lines = (pid: number): string => `${pid}\n${folder}\n1\n5432\n${folder}\n\n1\nready\n`;

  test('a dead process: the file is stale and the server starts', async () => {
    await (await start()).stop();
    const child = spawn('true');
    await once(child, 'exit');
    await writeFile(join(folder, 'data', 'postmaster.pid'), lines(child.pid ?? 0));
    expect((await inspectPostmaster(join(folder, 'data'))).kind).toBe('stale');
    expect((await start()).adopted).toBe(false);
  });

  test('a living process that is something else, as after a reboot: stale too', async () => {
    await (await start()).stop();
    const stranger = spawn('sleep', ['60']);
    stack.defer(() => void stranger.kill('SIGKILL'));
    await writeFile(join(folder, 'data', 'postmaster.pid'), lines(stranger.pid ?? 0));
    expect((await inspectPostmaster(join(folder, 'data'))).kind).toBe('stale');
    expect((await start()).adopted).toBe(false);
  });

  test('a zombie: waited for, and started once it is gone', async () => {
    await (await start()).stop();
    // The shell's child ends at once and stays a zombie until the shell, which does not wait, is gone.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const zombie = Number(said.toString());
    await writeFile(join(folder, 'data', 'postmaster.pid'), lines(zombie));
    await vi.waitFor(async () => {
      expect((await inspectPostmaster(join(folder, 'data'))).kind).toBe('leaving');
      expect(await isAlive(zombie)).toBe(false);
    }, patience);
    const starting = start();
    setTimeout(() => parent.kill('SIGKILL'), 300);
    expect((await starting).adopted).toBe(false);
  });

  test('half a file: somebody is just writing it', async () => {
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'data', 'postmaster.pid'), 'x');
    expect((await inspectPostmaster(join(folder, 'data'))).kind).toBe('leaving');
  });
});

test('a long data folder gets its socket elsewhere, in a folder as private', async () => {
  const long = join(folder, 'd'.repeat(90));
  await mkdir(long, { mode: 0o711 });
  if (testRunAs !== undefined) await chmod(long, 0o711);
  const server = await start({ rootDir: long, socketDir: join(long, 'run') });
  expect(server.socketDir().length).toBeLessThan(60);
  expect((await stat(server.socketDir())).mode & 0o777).toBe(0o700);
  expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
  stack.defer(() => rm(server.socketDir(), { recursive: true, force: true }));
});

test('a package that cannot be used in place is copied to the data folder, links and all', async () => {
  const inPlace = await findBinaries({ copyDir: folder, runAs: testRunAs });
  const prefix = join(inPlace.postgres, '../..');
  const hidden = join(folder, 'hidden', 'native');
  await cp(prefix, hidden, { recursive: true });
  await rm(join(hidden, 'lib', 'libpq.so.5'));
  await chmod(join(folder, 'hidden'), 0o700);
  const found = await findBinaries({ copyDir: join(folder, 'copy'), runAs: testRunAs, prefixDir: hidden });
  // As root the other user cannot enter the folder; as that user itself the links are made in place.
  expect(found.postgres.startsWith(join(folder, testRunAs === undefined ? 'hidden' : 'copy'))).toBe(true);
  expect(await readdir(join(found.postgres, '../../lib'))).toContain('libicui18n.so.60');
});

test('the machine’s own PostgreSQL serves where the package is missing', async (context) => {
  const system = await findBinaries({ copyDir: folder, runAs: testRunAs, systemOnly: true }).catch(() => undefined);
  if (system === undefined) return context.skip('no PostgreSQL of the machine');
  const server = await start({ systemOnly: true });
  expect(server.origin).toBe('system');
  expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a database of another major version is refused with a sentence', async () => {
  await (await start()).stop();
  await writeFile(join(folder, 'data', 'PG_VERSION'), '12\n');
  await expect(start()).rejects.toThrow(/made by PostgreSQL 12, but this program brings 18/);
});

test('an initdb that was cut short leaves nothing in the way', async () => {
  await mkdir(join(folder, 'data.new'));
  await writeFile(join(folder, 'data.new', 'half'), '');
  await start();
  expect(await readFile(join(folder, 'data', 'PG_VERSION'), 'utf8')).toBe('18\n');
});
