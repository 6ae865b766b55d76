import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Permission, Role, RouteName, Scope } from '@parapet/contract/api';
import { rolePermissions, routes } from '@parapet/contract/api';
import type { Clock } from '@parapet/core';
import { createConfig } from '../config/config.ts';
import { parseEnvironment } from '../config/env.ts';
import { type Console, startConsole } from '../context/console.ts';
import { sessionCookie } from '../people/session-cookie.ts';
import type { SensorArchives } from '../upgrades/archives.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';
import { testRunAs } from './test-server.ts';

export type TestConsole = AsyncDisposable & {
  readonly console: Console;
  /** Sends a request without a socket. */
  readonly send: (request: TestRequest) => Promise<TestAnswer>;
  /** Makes the first admin and returns headers that sign in. */
  readonly signInAdmin: () => Promise<Readonly<Record<string, string>>>;
  /** Makes a token with that role, permissions and scope and returns its headers. */
  readonly tokenOf: (token: {
    readonly role: Role;
    readonly permissions?: readonly Permission[];
    readonly scope?: Scope;
  }) => Promise<Readonly<Record<string, string>>>;
};

export type TestRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly payload?: string | Buffer;
};

export type TestAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly bytes: Buffer;
  /** The parsed body, for tests to look into. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
  readonly json: any;
};

export const testHost = 'console.test';
export const adminName = 'ada';
export const adminPassword = 'correct horse battery staple';

/** A whole console on a fresh database, in its own folder and on a free port. */
export const startTestConsole = async (
  options: {
    readonly clock?: Clock;
    readonly environment?: Readonly<Record<string, string>>;
    readonly generousLimits?: boolean;
    readonly archives?: SensorArchives;
    /** What the console says its version is. */
    readonly version?: string;
  } = {},
): Promise<TestConsole> => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'ppt-console-'));
  if (testRunAs !== undefined) await chmod(folder, 0o711);
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const url = options.environment?.['DATABASE_URL'] ?? urlOf(stack.use(await createTestDatabase()));
  const made = createConfig(
    parseEnvironment({
      PARAPET_DATA_DIR: folder,
      PARAPET_HOST: '127.0.0.1',
      PARAPET_PORT: '0',
      PARAPET_NAME: 'test console',
      PARAPET_WEB_DIR: join(folder, 'web'),
      DATABASE_URL: url,
      ...options.environment,
    }),
  );
  const config = { ...made, version: options.version ?? made.version };
  const limits = { signIn: 100_000, links: 100_000, general: 100_000 };
  const console = stack.use(
    await startConsole(config, {
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(options.archives === undefined ? {} : { archives: options.archives }),
      ...(options.generousLimits === false ? {} : { rateLimits: limits }),
    }),
  );
  const disposed = stack.move();

  const send = async (request: TestRequest): Promise<TestAnswer> => {
    const response = await console.web.app.inject({
      method: request.method,
      url: request.url,
      headers: { host: testHost, ...request.headers },
      ...(request.payload === undefined ? {} : { payload: request.payload }),
      ...(request.body === undefined ? {} : { payload: request.body as object }),
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      bytes: response.rawPayload,
      json: parsedOrUndefined(response.body),
    };
  };
  let admin: Promise<Readonly<Record<string, string>>> | undefined;
  const signInAdmin = (): Promise<Readonly<Record<string, string>>> => {
    admin ??= makeAdmin(console, send);
    return admin;
  };
  return {
    console,
    send,
    signInAdmin,
    tokenOf: async ({ role, permissions, scope }) => {
      await signInAdmin();
      const owner = await console.platform.db
        .selectFrom('users')
        .select('id')
        .where('role', '=', 'admin')
        .executeTakeFirstOrThrow();
      const { secret } = await console.people.tokens.create({
        name: `test ${role}`,
        role,
        permissions: permissions ?? rolePermissions[role],
        scope: scope ?? null,
        expiresInDays: 1,
        createdBy: { id: owner.id, name: adminName },
      });
      return { authorization: `Bearer ${secret}` };
    },
    [Symbol.asyncDispose]: () => disposed.disposeAsync(),
  };
};

const urlOf = ({ address }: TestDatabase): string =>
  address.kind === 'url'
    ? address.url
    : `postgres://${address.user}@/${address.database}?host=${encodeURIComponent(address.socketDir())}`;

/** The value of a session cookie an answer set, as a request sends it back. */
export const cookieOf = (answer: Pick<TestAnswer, 'headers'>): Readonly<Record<string, string>> => {
  const header = String(answer.headers['set-cookie'] ?? '');
  const value = new RegExp(`${sessionCookie}=([^;]+)`).exec(header)?.[1] ?? '';
  return { cookie: `${sessionCookie}=${value}`, origin: `https://${testHost}` };
};

/** A request of a route with made-up parameters: enough to get past routing, not past its checks. */
export const anyRequestOf = (name: RouteName): TestRequest => {
  const { method, path } = routes[name];
  return { method, url: path.replace(/:[A-Za-z]+/g, '00000000-0000-4000-8000-000000000000') };
};

const makeAdmin = async (console: Console, send: TestConsole['send']): Promise<Readonly<Record<string, string>>> => {
  const { url } = await console.adminLink();
  const answer = await send({
    method: 'POST',
    url: '/api/v1/links/use',
    headers: { origin: `https://${testHost}` },
    body: { secret: new URL(url).hash.slice(1), username: adminName, password: adminPassword },
  });
  if (answer.status !== 200) throw new Error(`the first admin could not be made: ${answer.text}`);
  return cookieOf(answer);
};

const parsedOrUndefined = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
