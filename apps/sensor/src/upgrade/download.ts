import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import { type SensorArchive, sensorArchivePath, sensorServerName } from '@parapet/contract/wire';
import { messageOf, readStreamBounded } from '@parapet/core';
import { request } from '../net/http.ts';
import { createBackoff } from '../uplink/backoff.ts';
import { failureOf, UpgradeFailure } from './failure.ts';

export type DownloadDeps = {
  /** A connection to the console whose certificate was checked, made with this host's own. */
  readonly dial: () => Promise<TLSSocket>;
  /** Bytes of the file that are there already; 0 when there is none. */
  readonly sizeOf: (path: string) => Promise<number>;
  readonly remove: (path: string) => Promise<void>;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Without a byte for this long a connection counts as dead. */
const idleMs = 30_000;

/**
 * Fetches an archive to `path`, going on with what is there from an earlier try, until its size and hash fit. Connections that
 * break are made anew until `signal` ends it; what the console refuses for good is an `UpgradeFailure`.
 */
export const downloadArchive = async (
  deps: DownloadDeps,
  archive: SensorArchive,
  path: string,
  options: { readonly signal: AbortSignal; readonly onProgress: (share: number) => void },
): Promise<void> => {
  const { signal } = options;
  const backoff = createBackoff({ minMs: 1000, maxMs: 30_000 });
  let damaged = 0;
  for (;;) {
    signal.throwIfAborted();
    const have = await deps.sizeOf(path);
    try {
      if (have < archive.sizeBytes) await fetchRest(deps, archive, path, have, options);
      if ((await hashOf(path)) === archive.sha256) return;
      damaged += 1;
      await deps.remove(path);
      if (damaged > 1) throw new UpgradeFailure('damaged', 'The archive that came is not the one that was promised.');
    } catch (error) {
      if (signal.aborted) throw error;
      const failure = failureOf(error, 'download');
      // What a broken connection is not: our disk, or the console's last word.
      if (failure.reason !== 'download' || error instanceof UpgradeFailure) throw failure;
      if ((await deps.sizeOf(path)) > have) backoff.reset();
      await deps.sleep(backoff.next(), signal);
    }
  }
};

const fetchRest = async (
  deps: DownloadDeps,
  archive: SensorArchive,
  path: string,
  have: number,
  options: { readonly signal: AbortSignal; readonly onProgress: (share: number) => void },
): Promise<void> => {
  const socket = await deps.dial();
  try {
    const answer = await ask(socket, archive, have, options.signal);
    if (answer.statusCode !== (have === 0 ? 200 : 206)) throw await refusalOf(answer);
    let total = have;
    const counted = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        total += chunk.length;
        if (total > archive.sizeBytes)
          return done(new UpgradeFailure('damaged', 'The archive is longer than promised.'));
        options.onProgress(total / archive.sizeBytes);
        done(null, chunk);
      },
    });
    await pipeline(answer, counted, createWriteStream(path, { flags: have === 0 ? 'w' : 'a', mode: 0o600 }), {
      signal: options.signal,
    });
  } finally {
    socket.destroy();
  }
};

const ask = (socket: TLSSocket, archive: SensorArchive, from: number, signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      {
        method: 'GET',
        path: `${sensorArchivePath}${archive.sha256}`,
        host: sensorServerName,
        headers: from === 0 ? {} : { range: `bytes=${from}-` },
        createConnection: () => socket,
        signal,
      },
      resolve,
    );
    socket.setTimeout(idleMs, () => socket.destroy(new Error(`nothing came for ${idleMs / 1000} s`)));
    outgoing.on('error', reject);
    outgoing.end();
  });

const refusalBytes = 4096;

/** Busy or away is worth another try; everything else is the console's word. */
const refusalOf = async (answer: IncomingMessage): Promise<Error> => {
  const body = await readStreamBounded(answer, refusalBytes).catch((error: unknown) => messageOf(error));
  const detail = typeof body !== 'string' && body.ok ? body.value.toString('utf8').trim().slice(0, 300) : '';
  const status = answer.statusCode ?? 0;
  const text = `The console answered the download with status ${status}. ${detail}`.trim();
  return status === 429 || status >= 500 ? new Error(text) : new UpgradeFailure('download', text);
};

const hashOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};
