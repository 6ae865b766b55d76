import { Readable } from 'node:stream';
import { badRequest, type Clock, readStreamBounded } from '@parapet/core';
import { sql } from 'kysely';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Database } from '../database/database.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { requireRoomToWrite, type WriteGate } from '../self-watch/write-gate.ts';
import { exportVex } from './export-vex.ts';
import { listVex, readVex, removeVex, storeVex, vexStoreLimits } from './vex-store.ts';

export type VexRouteDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly gate: WriteGate;
  /** Who speaks in documents that the console writes. */
  readonly author: string;
  /** Looks at the findings of queued assets soon. */
  readonly apply: () => Promise<void>;
};

/** Routes of VEX documents: each speaks for the scope of who uploaded it. */
export const createVexRoutes = ({ db, clock, audit, gate, author, apply }: VexRouteDeps) =>
  ({
    'vex.list': async ({ caller }) => ({
      items: await listVex(db, caller.scope),
      waiting: caller.scope === null ? await waiting(db) : 0,
    }),
    'vex.upload': async ({ bodyStream, query, caller, address }) => {
      requireRoomToWrite(gate, 'database');
      if (bodyStream === undefined) throw badRequest('no-document', 'Send the document as the body of the request.');
      const read = await readStreamBounded(bodyStream, vexStoreLimits.documentBytes);
      if (!read.ok) {
        throw badRequest('too-large', `A VEX document may have ${vexStoreLimits.documentBytes / 1024 / 1024} MiB.`);
      }
      const input = { document: read.value, name: query.name, scope: caller.scope, by: caller.name };
      const stored = await storeVex(db, { ...input, at: new Date(clock.now()) });
      const document = (await listVex(db, caller.scope)).find(({ id }) => id === stored.id);
      if (document === undefined) throw badRequest('gone', 'Somebody removed the document at the same moment.');
      await audit.record({
        actor: { kind: caller.kind, name: caller.name },
        ...{ action: 'vex.upload', outcome: 'succeeded', address, target: document.documentId },
        details: {
          ...{ outcome: stored.outcome, format: document.format, author: document.author },
          ...{ statements: document.statements, assets: stored.assets, scope: caller.scope },
        },
      });
      await apply();
      return { outcome: stored.outcome, document, assets: stored.assets };
    },
    'vex.download': async ({ params, caller }) => ({
      stream: Readable.from([await readVex(db, params.vexId, caller.scope)], { objectMode: false }),
      contentType: 'application/json',
      headers: { 'content-disposition': `attachment; filename="vex-${params.vexId}.json"` },
    }),
    'vex.remove': async ({ params, caller, address }) => {
      const { name, assets } = await removeVex(db, params.vexId, caller.scope);
      await audit.record({
        actor: { kind: caller.kind, name: caller.name },
        ...{ action: 'vex.remove', outcome: 'succeeded', address, target: name, details: { assets } },
      });
      await apply();
    },
    'findings.vex': ({ query, caller }) =>
      exportVex(db, { query, scope: caller.scope, author, at: new Date(clock.now()) }),
  }) satisfies Partial<RouteHandlers>;

const waiting = async (db: Database): Promise<number> => {
  const { rows } = await sql<{ waiting: number }>`select count(*)::int as waiting from vex_queue`.execute(db);
  return rows[0]?.waiting ?? 0;
};
