import type { Forensics, OpenNow } from '@parapet/contract/api';
import { AppError, type Clock, forbidden } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { AuditRecord } from '../audit/audit-record.ts';
import type { Caller, RouteHandlers } from '../http/handler.ts';
import type { Log } from '../logging/log.ts';
import { createQuietRecord } from '../telemetry/quiet-record.ts';
import { makeEvidence } from './evidence.ts';
import { readForensics } from './forensics.ts';
import type { LookDesk } from './look-port.ts';
import { findLookTarget, type LookAsk } from './look-target.ts';
import type { ForensicQuery, ForensicsDeps } from './subject.ts';

export type ForensicRouteDeps = ForensicsDeps & {
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditLog;
  readonly look: LookDesk['look'];
  readonly console: { readonly name: string; readonly version: string };
};

export type ForensicRoutes = Pick<RouteHandlers, 'forensics.get' | 'forensics.evidence' | 'forensics.look'>;

type Asker = { readonly caller: Caller; readonly address: string };

/** Routes about one process or container. Everyone sees what is in their scope; each look and each archive is written down. */
export const createForensicRoutes = (deps: ForensicRouteDeps): ForensicRoutes => {
  const { db, clock, audit, hunts, log, console } = deps;
  const isTold = createQuietRecord(clock);
  const record = ({ caller, address }: Asker, entry: Pick<AuditRecord, 'action' | 'outcome' | 'target' | 'details'>) =>
    audit.record({ actor: { kind: caller.kind, name: caller.name }, address, ...entry });

  const read = (query: ForensicQuery, caller: Caller): Promise<Forensics> => {
    requireAssets(caller);
    const { scope, permissions } = caller;
    return readForensics(deps, { query, scope, withFindings: permissions.has('findings:read'), nowMs: clock.now() });
  };

  const lookNow = async (ask: LookAsk, asker: Asker): Promise<OpenNow> => {
    requireAssets(asker.caller);
    const { hostId, name, target } = await findLookTarget(db, ask, asker.caller.scope, clock.now());
    try {
      const { processes, left } = await deps.look(hostId, target);
      await record(asker, {
        ...{ action: 'forensics.inspect', outcome: 'succeeded', target: name },
        details: { processes: processes.length },
      });
      return { at: new Date(clock.now()).toISOString(), processes: [...processes], left };
    } catch (error) {
      if (error instanceof AppError)
        await record(asker, {
          ...{ action: 'forensics.inspect', outcome: 'failed', target: name },
          details: { reason: error.message },
        });
      throw error;
    }
  };

  return {
    'forensics.get': async ({ query, ...asker }) => {
      const found = await read(query, asker.caller);
      const target = targetOf(found);
      if (!isTold(JSON.stringify([asker.caller.kind, asker.caller.id, target])))
        await record(asker, {
          ...{ action: 'forensics.look', outcome: 'succeeded', target },
          details: { since: query.since, until: query.until },
        });
      return { ...found, processes: found.processes.map(shortened) };
    },
    'forensics.evidence': async ({ query, signal, ...asker }) => {
      const { look, ...subject } = query;
      const found = await read(subject, asker.caller);
      const opened = look ? await openOrReason(lookNow(subject, asker)) : {};
      const target = targetOf(found);
      await record(asker, {
        ...{ action: 'forensics.evidence', outcome: 'succeeded', target },
        details: { since: query.since, until: query.until, look },
      });
      return makeEvidence(
        { hunts, clock, log, console },
        {
          forensics: opened.limit === undefined ? found : { ...found, limits: [...found.limits, opened.limit] },
          ...{ openNow: opened.openNow, scope: asker.caller.scope, signal },
          by: { kind: asker.caller.kind, name: asker.caller.name },
          // The archive says what it holds and the log says which manifest is the true one.
          onDone: ({ sha256, files, events }) =>
            record(asker, {
              ...{ action: 'forensics.evidence.done', outcome: 'succeeded', target },
              details: { manifestSha256: sha256, files, events },
            }),
        },
      );
    },
    'forensics.look': ({ body, ...asker }) => lookNow(body, asker),
  };
};

/** It shows processes and connections of the inventory as well as events. */
const requireAssets = (caller: Caller): void => {
  if (!caller.permissions.has('assets:read'))
    throw forbidden(`This needs the permission assets:read as well, which ${caller.name} does not have.`);
};

type Opened = { readonly openNow?: OpenNow; readonly limit?: Forensics['limits'][number] };

/** Evidence is made all the same when its host cannot be asked: the manifest says why. */
const openOrReason = async (looking: Promise<OpenNow>): Promise<Opened> => {
  try {
    const openNow = await looking;
    return openNow.left === 0
      ? { openNow }
      : { openNow, limit: { part: 'open-now', text: `${openNow.left} further processes were not looked at.` } };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { limit: { part: 'open-now', text: error.message } };
  }
};

const targetOf = ({ subject: { kind, name, hostName, hostId, containerId, process } }: Forensics): string =>
  kind === 'process' ? `process ${process?.id} (${name}) of ${hostName} ${hostId}` : `container ${name} ${containerId}`;

/** A list of thousands is not made of whole command lines: those are in the events and in the archive. */
const maxCommand = 1000;
const shortened = <T extends { commandLine?: string | undefined }>(process: T): T =>
  process.commandLine === undefined || process.commandLine.length <= maxCommand
    ? process
    : { ...process, commandLine: `${process.commandLine.slice(0, maxCommand)}…` };
