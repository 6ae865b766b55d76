import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  ControlError,
  type ControlRouteName,
  type ControlRoutes,
  controlRoutes,
  controlSocketPath,
} from '@parapet/contract/control';
import { AppError, readStreamBounded } from '@parapet/core';
import type { z } from 'zod';
import { dataDirOption, programCall } from '../settings.ts';

type Answer<N extends ControlRouteName> = z.output<ControlRoutes[N]['answer']>;

/** Talks to the console of this machine over its control socket. */
export type ControlClient = {
  /** Throws AppError `not-running` when no console runs on the data folder. */
  readonly call: <N extends ControlRouteName>(name: N, body?: unknown) => Promise<Answer<N>>;
  /** Sends a stream as the request body. */
  readonly upload: <N extends ControlRouteName>(name: N, body: Readable) => Promise<Answer<N>>;
  /** Takes an answer as a stream, which fails when it breaks off. */
  readonly download: (name: 'backup' | 'evidence', body: unknown) => Promise<Readable>;
};

const answerLimitBytes = 16 * 1024 * 1024;

/** `dataDir` is the folder given to `up` or `console`. */
export const createControlClient = (dataDir: string): ControlClient => {
  const send = async <N extends ControlRouteName>(
    name: N,
    body: Readable | undefined,
    contentType: string,
  ): Promise<Answer<N>> => {
    const { method, path, answer } = controlRoutes[name];
    const response = await exchange(dataDir, method, path, body, contentType);
    const json: unknown = JSON.parse(await textOf(response));
    if ((response.statusCode ?? 500) >= 400) throw refusalOf(response, json);
    return answer.parse(json) as Answer<N>;
  };
  return {
    call: (name, body) =>
      send(name, body === undefined ? undefined : Readable.from([JSON.stringify(body)]), 'application/json'),
    upload: (name, body) => send(name, body, 'application/octet-stream'),
    download: async (name, body) => {
      const { method, path } = controlRoutes[name];
      const request = Readable.from([JSON.stringify(body)]);
      const response = await exchange(dataDir, method, path, request, 'application/json');
      if ((response.statusCode ?? 500) >= 400) throw refusalOf(response, JSON.parse(await textOf(response)));
      return response;
    },
  };
};

const socketOf = (dataDir: string): string => join(dataDir, 'console', controlSocketPath);

const exchange = (
  dataDir: string,
  method: string,
  path: string,
  body: Readable | undefined,
  contentType: string,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': contentType };
    const request = httpRequest({ socketPath: socketOf(dataDir), method, path, headers, agent: false }, resolve);
    request.on('error', (error) => reject(notReachable(dataDir, error)));
    if (body === undefined) request.end();
    else body.on('error', (error) => request.destroy(error)).pipe(request);
  });

const textOf = async (response: IncomingMessage): Promise<string> => {
  const read = await readStreamBounded(response, answerLimitBytes);
  if (!read.ok) throw new AppError(read.error.code, 500, read.error.message);
  const text = read.value.toString('utf8');
  return text === '' ? '{}' : text;
};

const refusalOf = (response: IncomingMessage, json: unknown): AppError => {
  const status = response.statusCode ?? 500;
  const refused = ControlError.safeParse(json);
  return refused.success
    ? new AppError(refused.data.error.code, status, refused.data.error.message, {
        details: refused.data.error.details ?? {},
      })
    : new AppError('refused', status, `The console answered ${status}.`);
};

const notReachable = (dataDir: string, error: Error): AppError => {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EACCES') {
    return new AppError(
      'denied',
      403,
      `You may not open ${socketOf(dataDir)}. Run this as root or as the console’s user.`,
    );
  }
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new AppError(
      'not-running',
      503,
      `No console runs on the data folder ${dataDir}. Start one with ${programCall().here} up${dataDirOption(dataDir)}, or name the folder of one that runs with --data-dir.`,
    );
  }
  return new AppError('unreachable', 503, `The console does not answer: ${error.message}`, { cause: error });
};
