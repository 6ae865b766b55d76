import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '@parapet/core';
import type { Log } from '../logging/log.ts';
import type { PackageStore } from './package-store.ts';
import type { ScriptStore } from './script-store.ts';

type Incoming = IncomingMessage | Http2ServerRequest;
type Outgoing = ServerResponse | Http2ServerResponse;

/** Answers GET and HEAD of packages and scripts; false when the path is none of theirs. */
export type Downloads = {
  readonly handles: (path: string) => boolean;
  /** `asker` is whom the download counts for: an address. */
  readonly answer: (request: Incoming, response: Outgoing, asker: string) => Promise<void>;
};

export type DownloadLimits = { readonly atOnce: number; readonly atOncePerAsker: number };

/** A fleet behind one address installs side by side; the disk and the line are the console's. */
const defaultLimits: DownloadLimits = { atOnce: 128, atOncePerAsker: 64 };

const packagePath = /^\/sensor\/packages\/([0-9a-f]{64})\.tar\.gz$/;
const scriptPathPattern = /^\/sensor\/install\/([0-9a-f]{16})\.sh$/;

/**
 * Packages and scripts are public: nothing in them is secret, and a host that has nothing yet must get them. They never change
 * under their name, which is their hash.
 */
export const createDownloads = (deps: {
  readonly packages: Pick<PackageStore, 'find' | 'read'>;
  readonly scripts: Pick<ScriptStore, 'find'>;
  readonly log: Log;
  readonly limits?: DownloadLimits | undefined;
}): Downloads => {
  const limits = deps.limits ?? defaultLimits;
  const running = new Map<string, number>();
  let all = 0;

  const sendScript = async (response: Outgoing, method: string, beginning: string): Promise<void> => {
    const text = await deps.scripts.find(beginning);
    if (text === undefined) return refuse(response, 404, gone);
    const body = Buffer.from(text);
    head(response, 200, {
      ...unchanging,
      'content-type': 'text/x-shellscript; charset=utf-8',
      'content-length': body.length,
    });
    response.end(method === 'HEAD' ? '' : body);
  };

  const sendPackage = async (response: Outgoing, request: Incoming, sha256: string, asker: string): Promise<void> => {
    const found = deps.packages.find(sha256);
    if (found === undefined) return refuse(response, 404, gone);
    const range = rangeOf(request.headers.range, found.sizeBytes);
    if (range === 'unsatisfiable') {
      head(response, 416, { 'content-range': `bytes */${found.sizeBytes}`, 'content-length': 0 });
      response.end();
      return;
    }
    const { from, to } = range ?? { from: 0, to: found.sizeBytes - 1 };
    const headers = {
      ...unchanging,
      'content-type': 'application/gzip',
      'content-length': to - from + 1,
      'accept-ranges': 'bytes',
      etag: `"${sha256}"`,
      ...(range === undefined ? {} : { 'content-range': `bytes ${from}-${to}/${found.sizeBytes}` }),
    };
    if (request.method === 'HEAD') {
      head(response, 200, headers);
      response.end();
      return;
    }
    const own = running.get(asker) ?? 0;
    if (all >= limits.atOnce || own >= limits.atOncePerAsker) {
      return refuse(response, 503, 'Too many downloads at once. Try again in a few seconds.', { 'retry-after': '5' });
    }
    all += 1;
    running.set(asker, own + 1);
    try {
      head(response, range === undefined ? 200 : 206, headers);
      await pipeline(deps.packages.read(sha256, { from, to }), response);
    } finally {
      all -= 1;
      const left = (running.get(asker) ?? 1) - 1;
      if (left === 0) running.delete(asker);
      else running.set(asker, left);
    }
  };

  return {
    handles: (path) => packagePath.test(path) || scriptPathPattern.test(path),
    answer: async (request, response, asker) => {
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      const script = scriptPathPattern.exec(path)?.[1];
      const sha256 = packagePath.exec(path)?.[1];
      try {
        if (script !== undefined) await sendScript(response, request.method ?? 'GET', script);
        else if (sha256 !== undefined) await sendPackage(response, request, sha256, asker);
        else refuse(response, 404, gone);
      } catch (error) {
        // Mostly somebody who went away in the middle.
        deps.log.debug({ path, error: messageOf(error) }, 'a download ended early');
        response.destroy();
      }
    },
  };
};

const unchanging = { 'cache-control': 'public, max-age=31536000, immutable' };
const gone =
  'There is no such download. If the console was upgraded since the command was made, make a new one: Sensors, Add a host.';

/** One range of bytes (RFC 9110 section 14); `undefined` for the whole, which also answers what we do not understand. */
export const rangeOf = (
  header: string | undefined,
  sizeBytes: number,
): { readonly from: number; readonly to: number } | 'unsatisfiable' | undefined => {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const from = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const to = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  return from > to ? 'unsatisfiable' : { from, to };
};

const head = (response: Outgoing, status: number, headers: Readonly<Record<string, string | number>>): void => {
  // Both kinds of answers have it; their types do not agree on its overloads.
  (response as ServerResponse).writeHead(status, { 'x-content-type-options': 'nosniff', ...headers });
};

const refuse = (
  response: Outgoing,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void => {
  const body = Buffer.from(`${message}\n`);
  const type = 'text/plain; charset=utf-8';
  head(response, status, {
    'content-type': type,
    'content-length': body.length,
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(body);
};
