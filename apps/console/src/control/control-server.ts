import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ControlRouteName, type ControlRoutes, controlRoutes, controlSocketPath } from '@parapet/contract/control';
import { AppError, parseJson, readStreamBounded } from '@parapet/core';
import type { z } from 'zod';
import type { Log } from '../logging/log.ts';

type Answer<N extends ControlRouteName> = z.input<ControlRoutes[N]['answer']>;

/** What the command line may ask of the running console. */
export type ControlHandlers = {
  readonly status: () => Promise<Answer<'status'>>;
  readonly authority: () => Promise<Answer<'authority'>>;
  readonly adminLink: (username: string | undefined) => Promise<Answer<'adminLink'>>;
  readonly localEnrolment: () => Promise<Answer<'localEnrolment'>>;
  readonly enrolmentKey: (asked: EnrolmentKeyAsked) => Promise<Answer<'enrolmentKey'>>;
  readonly sensorCommand: (
    asked: z.output<ControlRoutes['sensorCommand']['request']>,
  ) => Promise<Answer<'sensorCommand'>>;
  readonly hunt: (asked: z.output<ControlRoutes['hunt']['request']>) => Promise<Answer<'hunt'>>;
  /** Answered as a stream, like a backup. */
  readonly evidence: (asked: z.output<ControlRoutes['evidence']['request']>) => Promise<Readable>;
  readonly feedsStatus: () => Promise<Answer<'feedsStatus'>>;
  readonly feedsUpdate: () => Promise<Answer<'feedsUpdate'>>;
  readonly feedsImport: (bundle: Readable) => Promise<Answer<'feedsImport'>>;
  /** Answered as a stream; one that breaks breaks the connection, so that no half is taken for a whole. */
  readonly backup: (choice: {
    passphrase: string | undefined;
    withFeeds: boolean;
    withEvents: boolean;
  }) => Promise<Readable>;
};

export type EnrolmentKeyAsked = z.output<ControlRoutes['enrolmentKey']['request']>;

export type ControlServer = { readonly close: () => Promise<void> };

const requestLimitBytes = 64 * 1024;

/**
 * Serves the control socket. Its folder may be entered by the console's user and root only, and that is the whole of the
 * access check: whoever may write the data folder owns the console anyway.
 */
export const startControlServer = async (deps: {
  dataDir: string;
  handlers: ControlHandlers;
  log: Log;
}): Promise<ControlServer> => {
  const path = join(deps.dataDir, controlSocketPath);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await chmod(dirname(path), 0o700);
  // The lock on the data folder says that nobody listens on an old one.
  await rm(path, { force: true });
  const server = createServer((request, response) => {
    answer(deps.handlers, request)
      .then((body) => (body instanceof Readable ? sendStream(response, body) : send(response, 200, body)))
      .catch((error: unknown) => {
        const known =
          error instanceof AppError
            ? error
            : new AppError('internal', 500, 'The console failed at this; its log says why.', { cause: error });
        if (known.status >= 500) deps.log.error({ err: error, path: request.url }, 'control request failed');
        if (response.headersSent) response.destroy();
        else
          send(response, known.status, { error: { code: known.code, message: known.message, details: known.details } });
      });
  });
  await listen(server, path);
  return { close: () => new Promise((resolve) => server.close(() => resolve())) };
};

const answer = async (handlers: ControlHandlers, request: IncomingMessage): Promise<unknown> => {
  switch (routeOf(request)) {
    case 'status':
      return handlers.status();
    case 'authority':
      return handlers.authority();
    case 'adminLink':
      return handlers.adminLink((await readBody(request, controlRoutes.adminLink.request)).username);
    case 'localEnrolment':
      return handlers.localEnrolment();
    case 'enrolmentKey':
      return handlers.enrolmentKey(await readBody(request, controlRoutes.enrolmentKey.request));
    case 'sensorCommand':
      return handlers.sensorCommand(await readBody(request, controlRoutes.sensorCommand.request));
    case 'hunt':
      return handlers.hunt(await readBody(request, controlRoutes.hunt.request));
    case 'evidence':
      return handlers.evidence(await readBody(request, controlRoutes.evidence.request));
    case 'feedsStatus':
      return handlers.feedsStatus();
    case 'feedsUpdate':
      return handlers.feedsUpdate();
    case 'feedsImport':
      return handlers.feedsImport(request);
    case 'backup': {
      const { passphrase, ...contents } = await readBody(request, controlRoutes.backup.request);
      return handlers.backup({ passphrase, ...contents });
    }
  }
};

const routeOf = (request: IncomingMessage): ControlRouteName => {
  const found = Object.entries(controlRoutes).find(
    ([, route]) => route.method === request.method && route.path === request.url,
  );
  if (found === undefined)
    throw new AppError(
      'not-found',
      404,
      'This console has no such control command; is the command line of the same version?',
    );
  return found[0] as ControlRouteName;
};

const readBody = async <S extends z.ZodType>(request: IncomingMessage, schema: S): Promise<z.output<S>> => {
  const read = await readStreamBounded(request, requestLimitBytes);
  if (!read.ok) throw new AppError(read.error.code, 413, read.error.message);
  const text = read.value.toString('utf8');
  const parsed = parseJson(text === '' ? '{}' : text, schema);
  if (!parsed.ok) throw new AppError('malformed', 400, parsed.error.message);
  return parsed.value;
};

const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

const sendStream = async (response: ServerResponse, stream: Readable): Promise<void> => {
  response.writeHead(200, { 'content-type': 'application/x-tar' });
  await pipeline(stream, response);
};

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
