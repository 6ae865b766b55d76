import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, messageOf, parseJson, readStreamBounded } from '@parapet/core';
import { z } from 'zod';
import type { RegistryCredentials } from './credentials.ts';
import { type ImageReference, isLoopback } from './reference.ts';

/** As much of an HTTP answer as is needed; both of Node's and undici's fetch give it. */
export type RegistryResponse = {
  readonly status: number;
  readonly headers: { readonly get: (name: string) => string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
};
export type RegistryFetch = (
  url: string,
  init: {
    readonly method?: 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly redirect: 'manual';
    readonly signal: AbortSignal;
  },
) => Promise<RegistryResponse>;

export type RegistryClientDeps = {
  readonly reference: ImageReference;
  readonly credentials: RegistryCredentials | undefined;
  readonly fetch: RegistryFetch;
  readonly signal: AbortSignal;
  /** Before the next try; tests do not wait. */
  readonly retryAfterMs?: number;
};

export type RegistryClient = {
  /** Gets a path below the repository, e.g. `manifests/latest`; redirects are followed. Throws AppError with what to do. */
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<RegistryResponse>;
};

const maxTries = 4;
const maxRedirects = 5;
const maxTokenBytes = 256 * 1024;
const answerMs = 60_000;

/**
 * The reading half of the OCI distribution specification; https://github.com/opencontainers/distribution-spec. Credentials go to
 * the registry and to the token service it names, never to where it redirects: blobs lie in storage that strangers run.
 */
export const createRegistryClient = (deps: RegistryClientDeps): RegistryClient => {
  const { reference, credentials, signal } = deps;
  const origin = `${isLoopback(reference.host) ? 'http' : 'https'}://${reference.host}`;
  let authorization: string | undefined;

  const ask = async (
    url: string,
    headers: Readonly<Record<string, string>>,
    form?: string,
  ): Promise<RegistryResponse> => {
    for (let attempt = 1; ; attempt += 1) {
      // Only the wait for the answer is limited here: a large layer takes its time.
      const patience = new AbortController();
      const timer = setTimeout(() => patience.abort(new Error('no answer')), answerMs);
      try {
        const response = await deps.fetch(url, {
          ...(form === undefined ? {} : { method: 'POST', body: form }),
          headers,
          redirect: 'manual',
          signal: AbortSignal.any([signal, patience.signal]),
        });
        if (!isPassing(response.status) || attempt === maxTries) return response;
        await discard(response);
      } catch (error) {
        signal.throwIfAborted();
        if (attempt === maxTries) throw unreachable(reference.host, error);
      } finally {
        clearTimeout(timer);
      }
      await sleep((deps.retryAfterMs ?? 500) * 2 ** (attempt - 1), undefined, { signal });
    }
  };

  /** Follows redirects by hand: what authorizes here is nobody else's business. */
  const follow = async (start: string, headers: Readonly<Record<string, string>>): Promise<RegistryResponse> => {
    let url = start;
    for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
      const isOurs = new URL(url).origin === origin;
      const response = await ask(url, {
        ...headers,
        ...(isOurs && authorization !== undefined ? { authorization } : {}),
      });
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null) return response;
      await discard(response);
      const next = new URL(location, url);
      if (next.protocol !== 'https:' && !(next.protocol === 'http:' && origin.startsWith('http:')))
        throw new AppError(
          'bad-redirect',
          502,
          `${reference.host} redirects to ${next.protocol}, which is not followed.`,
        );
      url = next.href;
    }
    throw new AppError('bad-redirect', 502, `${reference.host} redirects more than ${maxRedirects} times.`);
  };

  return {
    get: async (path, headers = {}) => {
      const url = `${origin}/v2/${reference.repository}/${path}`;
      const first = await follow(url, headers);
      if (first.status !== 401) return checked(first, reference, credentials !== undefined);
      const challenge = first.headers.get('www-authenticate') ?? '';
      await discard(first);
      authorization = await authorize(challenge, deps, ask);
      const second = authorization === undefined ? first : await follow(url, headers);
      return checked(second, reference, credentials !== undefined);
    },
  };
};

type Ask = (url: string, headers: Readonly<Record<string, string>>, form?: string) => Promise<RegistryResponse>;

/** Answers a challenge; https://distribution.github.io/distribution/spec/auth/token/. Undefined when there is no answer. */
const authorize = async (challenge: string, deps: RegistryClientDeps, ask: Ask): Promise<string | undefined> => {
  const { credentials, reference } = deps;
  const basic =
    credentials?.kind === 'basic'
      ? `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`
      : undefined;
  if (/^basic\b/i.test(challenge)) return basic;
  if (!/^bearer\b/i.test(challenge)) return undefined;
  const parameters = new Map(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)]
      .slice(0, 16)
      .map(([, key = '', value = '']) => [key.toLowerCase(), value]),
  );
  const realm = URL.parse(parameters.get('realm') ?? '');
  if (realm === null || (realm.protocol !== 'https:' && !isLoopback(realm.host)))
    throw new AppError(
      'bad-challenge',
      502,
      `${reference.host} names no token service that can be trusted with credentials.`,
    );
  const service = parameters.get('service');
  const scope = `repository:${reference.repository}:pull`;
  if (credentials?.kind === 'identity-token') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'parapet',
      scope,
      refresh_token: credentials.token,
      ...(service === undefined ? {} : { service }),
    });
    return tokenOf(
      await ask(realm.href, { 'content-type': 'application/x-www-form-urlencoded' }, form.toString()),
      reference,
    );
  }
  if (service !== undefined) realm.searchParams.set('service', service);
  realm.searchParams.set('scope', scope);
  return tokenOf(await ask(realm.href, basic === undefined ? {} : { authorization: basic }), reference);
};

const Token = z.object({ token: z.string().max(65_536), access_token: z.string().max(65_536) }).partial();

const tokenOf = async (response: RegistryResponse, { host }: ImageReference): Promise<string | undefined> => {
  if (response.status !== 200) {
    await discard(response);
    return undefined;
  }
  const content = await readStreamBounded(bodyOf(response), maxTokenBytes);
  const token = content.ok ? parseJson(content.value.toString('utf8'), Token) : content;
  const text = token.ok ? (token.value.token ?? token.value.access_token) : undefined;
  // A token becomes a header: nothing but what tokens consist of.
  if (text === undefined || !/^[\w.~+/=-]+$/.test(text))
    throw new AppError('bad-token', 502, `The token service of ${host} gives no token.`);
  return `Bearer ${text}`;
};

/** The content of an answer; none is nothing. */
export const bodyOf = ({ body }: RegistryResponse): AsyncIterable<Uint8Array> => body ?? Readable.from([]);

const isPassing = (status: number): boolean => status === 429 || (status >= 500 && status !== 501);

const checked = (
  response: RegistryResponse,
  { host, repository }: ImageReference,
  hadCredentials: boolean,
): RegistryResponse => {
  const { status } = response;
  if (status === 200 || status === 206) return response;
  const name = `${host}/${repository}`;
  if (status === 401 || status === 403)
    throw new AppError(
      'no-access',
      400,
      hadCredentials
        ? `${host} refuses the credentials of Docker’s config.json for ${repository} (${status}). Log in again: docker login ${host}`
        : `${host} wants credentials for ${repository} (${status}), and Docker’s config.json has none. Log in: docker login ${host}`,
    );
  if (status === 404) throw new AppError('no-target', 400, `${name} has no such image. Is the tag right?`);
  if (status === 429) throw new AppError('too-many', 400, `${host} says that it was asked too often. Log in or wait.`);
  throw new AppError('registry-failed', 502, `${name} answers with ${status}.`);
};

const unreachable = (host: string, error: unknown): AppError => {
  const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
  return new AppError('unreachable', 502, `${host} cannot be reached: ${cause}. Behind a proxy set HTTPS_PROXY.`, {
    cause: error,
  });
};

const maxDiscardedBytes = 64 * 1024;

/** Frees the connection of an answer nobody reads. */
const discard = async ({ body }: RegistryResponse): Promise<void> => {
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxDiscardedBytes) break;
  }
};
