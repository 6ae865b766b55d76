import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, root } from '../../tools/build.ts';

export type RunningParapet = {
  readonly url: string;
  readonly dataDir: string;
  readonly port: number;
  /** All it printed so far. */
  readonly output: () => string;
  /** The first one-time link it printed, if any. */
  readonly adminLink: () => string | undefined;
  readonly pid: number;
  /** Process ids of its console or sensor. */
  readonly pidOf: (program: 'console' | 'sensor') => Promise<number | undefined>;
  /** Stops as Ctrl-C does; returns the exit code. */
  readonly stop: () => Promise<number | undefined>;
  readonly exited: Promise<number | undefined>;
};

export type StartOptions = {
  readonly dataDir: string;
  readonly port?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The built program; this checkout's unless named. */
  readonly programDir?: string;
};

/** A folder of its own for each test; not below a home directory, so that the system user can enter it. */
export const makeDataDir = (): Promise<string> => mkdtemp(join(tmpdir(), 'parapet-data-'));
export const removeDataDir = (dir: string): Promise<void> => rm(dir, { recursive: true, force: true });

/** Starts the built program as `npm start` does and waits until it greets. Rejects with what it printed when it ends before. */
export const startParapet = async (options: StartOptions): Promise<RunningParapet> => {
  await ensureBuilt(() => undefined);
  const port = options.port ?? (await freePort());
  const programDir = options.programDir ?? join(root, 'build');
  const child = spawn(
    process.execPath,
    [join(programDir, 'cli.js'), 'up', '--data-dir', options.dataDir, '--port', String(port), ...(options.args ?? [])],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PARAPET_PROGRAM_DIR: programDir, PARAPET_CPU_LIMIT: 'off', ...options.env },
    },
  );
  let text = '';
  const collect = (chunk: Buffer): void => {
    text += chunk.toString('utf8');
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const exited = new Promise<number | undefined>((resolve) => child.on('exit', (code) => resolve(code ?? undefined)));
  await untilGreeting(child, exited, () => text);
  return {
    url: `https://localhost:${port}`,
    dataDir: options.dataDir,
    port,
    output: () => plain(text),
    adminLink: () => /https:\/\/\S*#\S+/.exec(plain(text))?.[0],
    pid: child.pid ?? 0,
    pidOf: (program) => findProgram(child.pid ?? 0, program),
    stop: async () => {
      child.kill('SIGINT');
      return exited;
    },
    exited,
  };
};

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });

const untilGreeting = async (
  child: ChildProcess,
  exited: Promise<number | undefined>,
  text: () => string,
): Promise<void> => {
  const greeted = new Promise<'greeted'>((resolve) => {
    const timer = setInterval(() => {
      if (text().includes('Ready in')) {
        clearInterval(timer);
        resolve('greeted');
      }
    }, 50);
    child.on('exit', () => clearInterval(timer));
  });
  const outcome = await Promise.race([greeted, exited]);
  if (outcome !== 'greeted') throw new Error(`parapet up ended with ${outcome}:\n${plain(text())}`);
};

const findProgram = async (parent: number, program: string): Promise<number | undefined> => {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const parentOf = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    const command = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    if (parentOf === parent && command.includes(`/${program}.js`)) return Number(entry);
  }
  return undefined;
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal styling is what is removed
const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '');
