import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { sensorArchivePath } from '@parapet/contract/wire';
import { messageOf } from '@parapet/core';
import type { Log } from '../logging/log.ts';
import type { SensorArchives } from './archives.ts';

/** Whether a request is for this route. */
export const isArchiveRequest = (request: IncomingMessage): boolean =>
  request.method === 'GET' && request.url?.startsWith(sensorArchivePath) === true;

/** Downloads at a time: each reads a file from the page cache, and a fleet is upgraded a few at a time. */
const maxConcurrent = 16;
/** Without a byte taken for this long the connection is given up. */
const idleMs = 60_000;

/** Hands an archive to a sensor whose certificate was checked, whole or from an offset on. */
export const createArchiveRoute = (deps: { readonly archives: SensorArchives; readonly log: Log }) => {
  let running = 0;
  return async (request: IncomingMessage, response: ServerResponse, hostId: string): Promise<void> => {
    const hash = request.url?.slice(sensorArchivePath.length) ?? '';
    const archive = deps.archives.find(hash);
    if (archive === undefined) return refuse(response, 404, 'This console has no such archive any more.');
    const from = startOf(request.headers.range, archive.sizeBytes);
    if (from === undefined) return refuse(response, 416, 'There is no such part of the archive.');
    if (running >= maxConcurrent) return refuse(response, 503, 'Too many downloads at once; try again soon.');
    running += 1;
    try {
      response.writeHead(from === 0 ? 200 : 206, {
        'content-type': 'application/octet-stream',
        'content-length': archive.sizeBytes - from,
        'content-range': `bytes ${from}-${archive.sizeBytes - 1}/${archive.sizeBytes}`,
        'cache-control': 'no-store',
        connection: 'close',
      });
      response.setTimeout(idleMs, () => response.destroy());
      await pipeline(createReadStream(archive.path, { start: from }), response);
    } catch (error) {
      deps.log.info({ hostId, error: messageOf(error) }, 'A sensor’s download broke off; it goes on from there.');
      response.destroy();
    } finally {
      running -= 1;
    }
  };
};

/** `bytes=N-` is all that a sensor asks for. */
const startOf = (range: string | undefined, sizeBytes: number): number | undefined => {
  if (range === undefined) return 0;
  const from = Number(/^bytes=(\d{1,15})-$/.exec(range)?.[1] ?? Number.NaN);
  return from < sizeBytes ? from : undefined;
};

const refuse = (response: ServerResponse, status: number, message: string): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`${message}\n`);
};
