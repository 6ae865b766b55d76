import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scope } from '@parapet/contract/api';
import { AppError, badRequest } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { StreamReply } from '../http/handler.ts';
import type { WriteGate } from '../self-watch/write-gate.ts';
import { nameOfExport } from './export-hunt.ts';
import { readGaps } from './gaps.ts';
import { type Hunts, orThrow } from './hunts.ts';
import { createTelemetryWorker } from './worker.ts';

export type ParquetExport = (
  query: { readonly q: string; readonly since: string; readonly until: string },
  scope: Scope,
  signal: AbortSignal,
) => Promise<StreamReply>;

/** Some 130 MB: the file lies on the disk of the events while it is made. */
const maxEvents = 5_000_000;
const memoryMegabytes = 256;
const timeoutMs = 180_000;

/** Makes a file of what a hunt finds and hands it over, one at a time, in a child of its own: searches go on meanwhile. */
export const createParquetExport = (deps: {
  readonly db: Database;
  readonly hunts: Pick<Hunts, 'searchFor'>;
  /** Holds the files of events. A file that a crash leaves there goes with the next start. */
  readonly folder: string;
  readonly gate: Pick<WriteGate, 'isOpen'>;
}): ParquetExport => {
  const { db, hunts, folder, gate } = deps;
  let busy = false;
  const make = async (...[query, scope, signal]: Parameters<ParquetExport>): Promise<StreamReply> => {
    const search = await hunts.searchFor(query, scope);
    const path = join(folder, `export-${randomUUID()}.parquet`);
    try {
      await using worker = createTelemetryWorker({ folder, memoryMegabytes });
      const job = { scope: search, path, limit: maxEvents + 1 };
      const events = orThrow(await worker.run('export', job, { timeoutMs, signal }));
      if (events > maxEvents)
        throw badRequest(
          'too-much',
          `More than ${maxEvents.toLocaleString('en')} events do not go into one Parquet file. Look at a shorter span of time, or take JSON lines.`,
        );
      const file = await open(path);
      const gaps = await readGaps(db, { from: Date.parse(query.since), to: Date.parse(query.until) }, scope);
      return {
        stream: file.createReadStream(),
        contentType: 'application/vnd.apache.parquet',
        headers: { 'content-disposition': `attachment; filename="${nameOfExport('parquet', gaps)}"` },
      };
    } finally {
      // Once opened it is read to its end all the same.
      await rm(path, { force: true });
    }
  };
  return async (query, scope, signal) => {
    if (!gate.isOpen('folder'))
      throw new AppError('disk-full', 507, 'There is no room for a file. Take JSON lines, which need none.');
    if (busy) throw new AppError('busy', 429, 'Another Parquet file is being made. Try again when it is there.');
    busy = true;
    try {
      return await make(query, scope, signal);
    } finally {
      busy = false;
    }
  };
};
