import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';

/** The part of fetch(3) that is used; pass one that guards addresses or goes through a proxy. */
export type FeedFetch = (
  url: string,
  init: { readonly headers: Record<string, string>; readonly signal: AbortSignal; readonly redirect: 'follow' },
) => Promise<FeedResponse>;

export type FeedResponse = {
  readonly status: number;
  readonly headers: { readonly get: (name: string) => string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
};

/** What a server said last time about the same address. */
export type Validators = { readonly etag?: string; readonly lastModified?: string };

export type DownloadRequest = {
  readonly url: string;
  /** Written anew. */
  readonly path: string;
  readonly maxBytes: number;
  readonly validators: Validators;
};

export type Download =
  | { readonly kind: 'unchanged' }
  | ({ readonly kind: 'new'; readonly sha256: string; readonly sizeBytes: number } & Validators);

export type DownloadLimits = {
  /** The longest wait that a server may ask for; a longer one is a failure for this time. */
  readonly maxRetryAfterMs: number;
  readonly attempts: number;
  /** Without a byte for so long, a server counts as gone. */
  readonly idleTimeoutMs: number;
  /** Before the second attempt; four times as long before each further one. */
  readonly retryDelayMs: number;
};

export const defaultLimits: DownloadLimits = {
  maxRetryAfterMs: 120_000,
  attempts: 4,
  idleTimeoutMs: 60_000,
  retryDelayMs: 2000,
};

/**
 * Fetches one file, unless it is unchanged. Waits and tries again when the server is busy (429, 503 with Retry-After), fails
 * or cuts the transfer, within the limits. The file is whole, as long as its server said how long it is.
 */
export const download = async (
  fetch: FeedFetch,
  request: DownloadRequest,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<Result<Download, Problem>> => {
  let waitMs = limits.retryDelayMs;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await attemptOnce(fetch, request, limits, signal);
    if (outcome.kind !== 'retry') return outcome.kind === 'failed' ? fail(outcome.problem) : ok(outcome);
    const pauseMs = outcome.afterMs ?? waitMs;
    if (attempt >= limits.attempts || pauseMs > limits.maxRetryAfterMs) return fail(outcome.problem);
    await delay(pauseMs, undefined, { signal });
    waitMs *= 4;
  }
};

type Attempt =
  | Download
  | { readonly kind: 'failed'; readonly problem: Problem }
  | { readonly kind: 'retry'; readonly problem: Problem; readonly afterMs?: number };

const attemptOnce = async (
  fetch: FeedFetch,
  request: DownloadRequest,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<Attempt> => {
  const watchdog = createWatchdog(limits.idleTimeoutMs);
  try {
    const response = await fetch(request.url, {
      headers: requestHeaders(request.validators),
      signal: AbortSignal.any([signal, watchdog.signal]),
      redirect: 'follow',
    });
    return await readResponse(response, request, watchdog.touch);
  } catch (error) {
    signal.throwIfAborted();
    const why = watchdog.signal.aborted ? 'no data arrived for too long' : causeOf(error);
    return { kind: 'retry', problem: problem('unreachable', `The download failed: ${why}`, request.url) };
  } finally {
    watchdog.stop();
  }
};

const readResponse = async (response: FeedResponse, request: DownloadRequest, touch: () => void): Promise<Attempt> => {
  if (response.status === 304) {
    await discard(response);
    return { kind: 'unchanged' };
  }
  if (response.status === 200 && response.body !== null) return saveBody(response, response.body, request, touch);
  await discard(response);
  const failure = problem('http-status', `The server answered with status ${response.status}.`, request.url);
  if (response.status === 429 || response.status === 503) {
    const afterMs = retryAfterMs(response.headers.get('retry-after'));
    return { kind: 'retry', problem: failure, ...(afterMs === undefined ? {} : { afterMs }) };
  }
  return { kind: response.status >= 500 ? 'retry' : 'failed', problem: failure };
};

const saveBody = async (
  response: FeedResponse,
  body: AsyncIterable<Uint8Array>,
  request: DownloadRequest,
  touch: () => void,
): Promise<Attempt> => {
  const stated = response.headers.get('content-encoding') === null ? response.headers.get('content-length') : null;
  if (Number(stated) > request.maxBytes) return { kind: 'failed', problem: tooLarge(request) };
  const hash = createHash('sha256');
  let sizeBytes = 0;
  {
    await using file = await open(request.path, 'w', 0o600);
    for await (const chunk of body) {
      touch();
      sizeBytes += chunk.length;
      if (sizeBytes > request.maxBytes) return { kind: 'failed', problem: tooLarge(request) };
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  }
  if (stated !== null && Number(stated) !== sizeBytes) {
    const message = `The download stopped after ${sizeBytes} of ${stated} bytes.`;
    return { kind: 'retry', problem: problem('truncated', message, request.url) };
  }
  const etag = response.headers.get('etag')?.slice(0, 1024);
  const lastModified = response.headers.get('last-modified')?.slice(0, 128);
  return {
    kind: 'new',
    sha256: hash.digest('hex'),
    sizeBytes,
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
};

/** `identity`: the length and the ETag then belong to the bytes that we store. */
const requestHeaders = ({ etag, lastModified }: Validators): Record<string, string> => ({
  'user-agent': 'parapet',
  'accept-encoding': 'identity',
  ...(etag === undefined ? {} : { 'if-none-match': etag }),
  ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
});

/** Seconds or a date (RFC 9110, 10.2.3). */
const retryAfterMs = (header: string | null): number | undefined => {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(at - Date.now(), 0);
};

const maxDiscardedBytes = 65_536;

/** Lets the connection be used again, or closes it when there is much to read. */
const discard = async (response: FeedResponse): Promise<void> => {
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxDiscardedBytes) return;
  }
};

const maxCauses = 8;

/** fetch wraps what really happened, a proxy's refusal even twice. */
const causeOf = (error: unknown): string => {
  let deepest = error;
  for (let depth = 0; depth < maxCauses && deepest instanceof Error && deepest.cause !== undefined; depth += 1)
    deepest = deepest.cause;
  return messageOf(deepest);
};

const tooLarge = ({ url, maxBytes }: DownloadRequest): Problem =>
  problem('too-large', `The file is larger than ${maxBytes} bytes.`, url);

const createWatchdog = (idleMs: number): { signal: AbortSignal; touch: () => void; stop: () => void } => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), idleMs);
  return { signal: controller.signal, touch: () => timer.refresh(), stop: () => clearTimeout(timer) };
};
