import { badRequest, type Clock, readStreamBounded } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Database } from '../database/database.ts';
import { closeGone } from '../findings/housekeeping.ts';
import type { RouteHandlers } from '../http/handler.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import { requireRoomToWrite, type WriteGate } from '../self-watch/write-gate.ts';
import { maxSbomBytes } from './parse-sbom.ts';
import type { SbomReceiver } from './receive-sbom.ts';
import { readLabels, removeUpload, storeUpload } from './upload-scan.ts';

/** Where pipelines leave what they scanned, and where people take it away. */
export const createUploadRoutes = (deps: {
  readonly db: Database;
  readonly receive: SbomReceiver;
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly gate: WriteGate;
  readonly live: LiveFeed;
}) => {
  let busy = 0;
  return {
    'scans.upload': async ({ bodyStream, query, caller, address }) => {
      requireRoomToWrite(deps.gate, 'database');
      if (bodyStream === undefined) throw badRequest('no-scan', 'Send the scan as the body of the request.');
      // Each is held whole, as text and as data.
      if (busy >= uploadsAtOnce)
        throw badRequest('busy', `${uploadsAtOnce} scans are being taken already. Try again soon.`);
      busy += 1;
      try {
        const read = await readStreamBounded(bodyStream, maxSbomBytes);
        if (!read.ok) throw badRequest('too-large', `A scan may have ${maxSbomBytes / 1024 / 1024} MiB.`);
        const upload = { document: read.value, labels: readLabels(query.labels ?? []), scope: caller.scope };
        const by = caller.kind === 'token' ? `token ${caller.name}` : caller.name;
        const stored = await storeUpload(deps, { ...upload, by });
        await deps.audit.record({
          actor: { kind: caller.kind, name: caller.name },
          ...{ action: 'scans.upload', outcome: 'succeeded', address, target: stored.asset.name },
          details: { assetId: stored.asset.id, outcome: stored.outcome, packages: stored.packages },
        });
        return stored;
      } finally {
        busy -= 1;
      }
    },
    'scans.removeUpload': async ({ params, caller, address }) => {
      const at = new Date(deps.clock.now());
      const { name, findings } = await removeUpload(deps.db, { assetId: params.assetId, scope: caller.scope, at });
      await deps.audit.record({
        actor: { kind: caller.kind, name: caller.name },
        ...{ action: 'scans.removeUpload', outcome: 'succeeded', address, target: name },
        details: { assetId: params.assetId, findings },
      });
      // What is left undone here, the housekeeping of the next minute does.
      await closeGone(deps.db, at);
      deps.live.publish({ kind: 'assets', ids: [params.assetId] });
      deps.live.publish({ kind: 'findings', opened: 0, closed: findings, assetId: params.assetId });
      return { closed: findings };
    },
  } satisfies Partial<RouteHandlers>;
};

const uploadsAtOnce = 4;
