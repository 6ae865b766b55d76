import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { type RequestOptions, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sourcesEnvironment, sourcesEnvironmentOf } from '@parapet/testkit';

const root = join(import.meta.dirname, '..', '..');
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const consoleEnvironment = isRoot ? sourcesEnvironmentOf(nobody) : sourcesEnvironment;

/** A console run from its sources as a process of its own, on embedded stores, with a signed-in admin. */
export type ConsoleProcess = {
  readonly url: string;
  readonly enrolment: () => Promise<{
    readonly consoleUrl: string;
    readonly authorityPin: string;
    readonly key: string;
  }>;
  /** Calls the API as the admin. */
  readonly call: (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown) => Promise<ApiAnswer>;
  /** Ends it as a crash does, and starts it again on the same port and data. */
  readonly crash: () => Promise<void>;
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly log: () => string;
  readonly dataDir: string;
  readonly port: () => number;
  /** A whole backup, as the command line takes it from the control socket. */
  readonly backup: (passphrase: string) => Promise<Buffer>;
};

export type ApiAnswer = {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
  readonly json: any;
  /** The answer as it came. */
  readonly content: Buffer;
  readonly cookies: readonly string[];
};

/** A folder for a console that runs as nobody where we are root. */
export const makeConsoleDir = async (): Promise<string> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'ppt-e2e-'));
  await chmod(dataDir, 0o711);
  if (isRoot) await chown(dataDir, nobody, nobody);
  return dataDir;
};

/** With a restored data folder the admin is there already. */
export const startConsoleProcess = async (
  options: { readonly dataDir?: string; readonly port?: number; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<ConsoleProcess> => {
  const dataDir = options.dataDir ?? (await makeConsoleDir());
  let port = options.port ?? 0;
  let log = '';
  let child = await launch();

  async function launch(): Promise<ChildProcess> {
    const started = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(root, 'apps/console/src/main.ts')],
      {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: {
          ...consoleEnvironment,
          HOME: dataDir,
          PARAPET_DATA_DIR: dataDir,
          PARAPET_HOST: '127.0.0.1',
          PARAPET_PORT: String(port),
          ...options.env,
        },
        cwd: '/',
        ...(isRoot ? { uid: nobody, gid: nobody } : {}),
      },
    );
    const keep = (chunk: Buffer): void => {
      log = (log + chunk.toString('utf8')).slice(-64 * 1024);
    };
    started.stdout?.on('data', keep);
    started.stderr?.on('data', keep);
    await new Promise<void>((resolve, reject) => {
      started.on('message', (message: { kind: string; addresses?: string[]; message?: string }) => {
        if (message.kind === 'ready') {
          port = Number(new URL(message.addresses?.[0] ?? 'https://x:0').port);
          resolve();
        }
        if (message.kind === 'failed') reject(new Error(message.message));
      });
      started.on('exit', (code) => reject(new Error(`the console ended with ${code}: ${log}`)));
    });
    return started;
  }

  const ended = (process: ChildProcess): Promise<void> =>
    new Promise((resolve) => {
      if (process.exitCode !== null || process.signalCode !== null) resolve();
      else process.on('exit', () => resolve());
    });
  const control = async (method: string, path: string): Promise<ApiAnswer> =>
    send(request, { socketPath: join(dataDir, 'run/control.sock'), method, path });

  let cookie = '';
  const authorityPem = await authorityOf(dataDir);
  const call: ConsoleProcess['call'] = (method, path, body) =>
    send(
      requestTls,
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        // The web certificate names this host; which of the names does not matter here.
        ...{ ca: authorityPem, servername: 'localhost' },
        headers: { host: `localhost:${port}`, origin: `https://localhost:${port}`, cookie },
      },
      body,
    );
  const credentials = { username: 'ada', password: 'correct horse battery staple' };
  const makeAdmin = async (): Promise<ApiAnswer> => {
    const link = await control('POST', '/admin-link');
    return call('POST', '/api/v1/links/use', { secret: new URL(link.json.url).hash.slice(1), ...credentials });
  };
  const signedIn = await (options.dataDir === undefined ? makeAdmin() : call('POST', '/api/v1/session', credentials));
  if (signedIn.status !== 200) throw new Error(`the first admin could not be made: ${JSON.stringify(signedIn.json)}`);
  cookie = signedIn.cookies.map((text) => text.split(';', 1)[0]).join('; ');

  return {
    url: `https://127.0.0.1:${port}`,
    enrolment: async () => {
      const answer = await control('POST', '/local-enrolment');
      if (answer.status !== 200) throw new Error(`no enrolment key: ${JSON.stringify(answer.json)}`);
      return { ...answer.json, consoleUrl: `https://127.0.0.1:${port}` };
    },
    call,
    crash: async () => {
      child.kill('SIGKILL');
      await ended(child);
    },
    restart: async () => {
      child = await launch();
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended(child);
      await rm(dataDir, { recursive: true, force: true });
    },
    log: () => log,
    dataDir,
    port: () => port,
    backup: (passphrase) =>
      new Promise((resolve, reject) => {
        const asked = request(
          { socketPath: join(dataDir, 'run/control.sock'), method: 'POST', path: '/backup' },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('error', reject);
            response.on('end', () => resolve(Buffer.concat(chunks)));
          },
        );
        asked.on('error', reject);
        asked.end(JSON.stringify({ passphrase, withFeeds: false }));
      }),
  };
};

/** What the program for stopped consoles said, and how it ended; `killAt` kills it when it says a step that fits. */
export type Maintained = {
  readonly messages: readonly Readonly<Record<string, unknown>>[];
  readonly signal: string | null;
};

/** Runs the program for stopped consoles as the command line does, on a file. */
export const runMaintenance = async (
  dataDir: string,
  job: Readonly<Record<string, unknown>>,
  file: string,
  killAt?: RegExp,
): Promise<Maintained> => {
  await using handle = await open(file, 'r');
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(root, 'apps/console/src/maintenance/main.ts')],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc', handle.fd],
      env: { ...consoleEnvironment, HOME: dataDir, PARAPET_DATA_DIR: dataDir },
      cwd: '/',
      ...(isRoot ? { uid: nobody, gid: nobody } : {}),
    },
  );
  const messages: Readonly<Record<string, unknown>>[] = [];
  child.on('message', (message: Readonly<Record<string, unknown>>) => {
    messages.push(message);
    if (killAt?.test(String(message['text']))) child.kill('SIGKILL');
  });
  child.send(job);
  return new Promise((resolve) => child.on('close', (_code, signal) => resolve({ messages, signal })));
};

/** A sensor run from its sources as a process of its own. */
export type SensorProcess = {
  readonly stateDir: string;
  readonly pid: () => number;
  readonly start: (env?: Readonly<Record<string, string>>) => Promise<void>;
  readonly end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<number | undefined>;
  readonly dispose: () => Promise<void>;
  readonly log: () => string;
};

export const createSensorProcess = async (): Promise<SensorProcess> => {
  const stateDir = await mkdtemp(join(tmpdir(), 'ppt-sensor-'));
  let child: ChildProcess | undefined;
  let log = '';
  const end: SensorProcess['end'] = async (signal) => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null)
      return running?.exitCode ?? undefined;
    const exit = new Promise<number | undefined>((resolve) => running.on('exit', (code) => resolve(code ?? undefined)));
    running.kill(signal);
    return exit;
  };
  return {
    stateDir,
    pid: () => child?.pid ?? 0,
    start: async (env = {}) => {
      const started = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', join(root, 'apps/sensor/src/main.ts')],
        {
          stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
          env: {
            ...sourcesEnvironment,
            DOCKER_HOST: process.env['DOCKER_HOST'],
            PARAPET_STATE_DIR: stateDir,
            PARAPET_CLOUD_METADATA: 'off',
            // A busy machine is slow enough.
            PARAPET_CPU_LIMIT: 'off',
            ...env,
          },
          cwd: '/',
        },
      );
      child = started;
      started.stderr?.on('data', (chunk: Buffer) => {
        log = (log + chunk.toString('utf8')).slice(-64 * 1024);
      });
      await new Promise<void>((resolve, reject) => {
        started.on('message', (message: { kind: string; message?: string }) => {
          if (message.kind === 'ready') resolve();
          if (message.kind === 'failed') reject(new Error(message.message));
        });
        started.on('exit', (code, signal) => reject(new Error(`the sensor ended (${signal ?? code}): ${log}`)));
      });
    },
    end,
    dispose: async () => {
      await end('SIGTERM');
      await rm(stateDir, { recursive: true, force: true });
    },
    log: () => log,
  };
};

const answerBytes = 16 * 1024 * 1024;

const send = (
  by: typeof request | typeof requestTls,
  options: RequestOptions & { readonly ca?: string; readonly servername?: string },
  body?: unknown,
): Promise<ApiAnswer> =>
  new Promise((resolve, reject) => {
    // A buffer is a file to upload.
    const content = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json';
    const outgoing = by(
      {
        ...options,
        agent: false,
        headers: {
          ...(options.headers as Record<string, string> | undefined),
          ...(content === undefined ? {} : { 'content-type': type, 'content-length': content.length }),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > answerBytes) outgoing.destroy(new Error('the answer is too long'));
          else chunks.push(chunk);
        });
        response.on('end', () => {
          const content = Buffer.concat(chunks);
          const text = content.toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            content,
            json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
            cookies: response.headers['set-cookie'] ?? [],
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(content);
  });

const authorityOf = async (dataDir: string): Promise<string> => {
  const path = join(dataDir, 'keys/authority.pem');
  if (!existsSync(path)) throw new Error(`no authority at ${path}`);
  const pem =
    /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(await readFile(path, 'utf8'))?.[0] ?? '';
  return new X509Certificate(pem).toString();
};
