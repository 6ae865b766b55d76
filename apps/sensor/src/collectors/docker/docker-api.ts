import { statSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { fail, ok, type Problem, parseJson, problem, type Result, readStreamBounded } from '@parapet/core';
import type { z } from 'zod';
import { request } from '../../net/http.ts';
import {
  DockerContainer,
  DockerContainerList,
  DockerEvent,
  DockerImage,
  DockerImageList,
  DockerVersion,
} from './schema.ts';

/**
 * The parts of the Docker Engine API that are used, over its unix socket. Failure codes: those of the system in lower case
 * (`enoent`, `econnrefused`, `eacces`), `not-found`, `status`, `timeout`, `too-large`, `not-json`, `wrong-shape`.
 */
export type DockerApi = {
  readonly version: () => Promise<Result<DockerVersion, Problem>>;
  readonly containers: () => Promise<Result<readonly string[], Problem>>;
  readonly container: (id: string) => Promise<Result<DockerContainer, Problem>>;
  readonly images: () => Promise<Result<DockerImageList, Problem>>;
  readonly image: (id: string) => Promise<Result<DockerImage, Problem>>;
  /** Follows events, from `sinceNano` on where given, until it ends; the result says why. */
  readonly events: (options: EventOptions) => Promise<Problem>;
  /** An image as a tar archive in the form of `docker save`; the caller reads or destroys it. */
  readonly exportImage: (id: string) => Promise<Result<IncomingMessage, Problem>>;
};

export type EventOptions = {
  /** As in `DockerEvent.timeNano`. */
  readonly sinceNano: number | undefined;
  readonly onOpen: () => void;
  readonly onEvent: (event: DockerEvent) => void;
  /** Called for a line that is no event. */
  readonly onUnreadable: (detail: Problem) => void;
  readonly signal: AbortSignal;
};

const answerBytes = 32 * 1024 * 1024;
const timeoutMs = 20_000;
const eventLineBytes = 1024 * 1024;

export const createDockerApi = (socketPath: string): DockerApi => {
  const get = <S extends z.ZodType>(path: string, schema: S): Promise<Result<z.output<S>, Problem>> =>
    open(socketPath, path, { timeoutMs }).then(async (response) => {
      if (!response.ok) return response;
      const body = await readStreamBounded(response.value, answerBytes).catch((error: unknown) =>
        fail(problemOf(error)),
      );
      return body.ok ? parseJson(body.value.toString('utf8'), schema) : body;
    });
  return {
    version: () => get('/version', DockerVersion),
    containers: async () => {
      const list = await get('/containers/json?all=1', DockerContainerList);
      return list.ok ? ok(list.value.map(({ Id }) => Id)) : list;
    },
    container: (id) => get(`/containers/${encodeURIComponent(id)}/json`, DockerContainer),
    images: () => get('/images/json', DockerImageList),
    image: (id) => get(`/images/${encodeURIComponent(id)}/json`, DockerImage),
    events: (options) => followEvents(socketPath, options),
    exportImage: (id) => open(socketPath, `/images/${encodeURIComponent(id)}/get`, { timeoutMs }),
  };
};

const problemOf = (error: unknown): Problem => {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unreadable';
  return problem(code.toLowerCase(), error instanceof Error ? error.message : String(error));
};

/** Sends a GET; resolves with the answer once its status is 200. `timeoutMs` bounds each silence. */
const open = (
  socketPath: string,
  path: string,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
): Promise<Result<IncomingMessage, Problem>> => {
  // Asked once a second where there is no Docker: a request that fails costs fifty times as much.
  if (isMissing(socketPath)) return Promise.resolve(fail(problem('enoent', `There is no ${socketPath}.`)));
  return new Promise((resolve) => {
    const outgoing: ClientRequest = request(
      {
        socketPath,
        path,
        headers: { host: 'docker' },
        agent: false,
        ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      (response) => {
        if (response.statusCode === 200) return resolve(ok(response));
        readStreamBounded(response, 8192).then(
          (body) => resolve(fail(refusalOf(response.statusCode ?? 0, body.ok ? body.value.toString('utf8') : ''))),
          (error: unknown) => resolve(fail(problemOf(error))),
        );
      },
    );
    outgoing.on('timeout', () =>
      outgoing.destroy(Object.assign(new Error('Docker does not answer.'), { code: 'timeout' })),
    );
    outgoing.on('error', (error) => resolve(fail(problemOf(error))));
    outgoing.end();
  });
};

/** One that may not be looked at, or that is below a file, is not missing: the request then says why. */
const isMissing = (path: string): boolean => {
  try {
    statSync(path);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
};

const refusalOf = (status: number, body: string): Problem =>
  problem(
    status === 404 ? 'not-found' : 'status',
    `Docker answered with status ${status}: ${body.slice(0, 300).trim()}`,
  );

const eventFilters = encodeURIComponent(JSON.stringify({ type: ['container', 'image', 'network'] }));

const followEvents = async (socketPath: string, options: EventOptions): Promise<Problem> => {
  const since = options.sinceNano === undefined ? '' : `&since=${sinceText(options.sinceNano)}`;
  const opened = await open(socketPath, `/events?filters=${eventFilters}${since}`, { signal: options.signal });
  if (!opened.ok) return opened.error;
  options.onOpen();
  let rest = '';
  const decoder = new TextDecoder();
  try {
    for await (const chunk of opened.value) {
      rest += decoder.decode(chunk as Uint8Array, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > eventLineBytes) return problem('too-large', 'Docker sent an event without an end.');
      for (const line of lines) {
        if (line.trim() === '') continue;
        const event = parseJson(line, DockerEvent);
        if (event.ok) options.onEvent(event.value);
        else options.onUnreadable(event.error);
      }
    }
  } catch (error) {
    return problemOf(error);
  }
  return problem('ended', 'Docker ended the stream of events.');
};

/** Seconds with nine decimals, as the API wants it. A double is off by some 100 ns at today's dates: one microsecond earlier is safe. */
const sinceText = (nano: number): string => {
  const earlier = BigInt(Math.floor(nano)) - 1000n;
  return `${earlier / 1_000_000_000n}.${String(earlier % 1_000_000_000n).padStart(9, '0')}`;
};
