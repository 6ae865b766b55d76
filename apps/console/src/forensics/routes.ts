import type { Forensics } from '@parapet/contract/api';
import { type Clock, forbidden } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Caller, RouteHandlers } from '../http/handler.ts';
import type { Log } from '../logging/log.ts';
import { createQuietRecord } from '../telemetry/quiet-record.ts';
import { makeEvidence } from './evidence.ts';
import { readForensics } from './forensics.ts';
import type { ForensicQuery, ForensicsDeps } from './subject.ts';

export type ForensicRouteDeps = ForensicsDeps & {
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditLog;
  readonly console: { readonly name: string; readonly version: string };
};

export type ForensicRoutes = Pick<RouteHandlers, 'forensics.get' | 'forensics.evidence'>;

/** Routes about one process or container. Everyone sees what is in their scope; each look and each archive is written down. */
export const createForensicRoutes = (deps: ForensicRouteDeps): ForensicRoutes => {
  const { clock, audit, hunts, log, console } = deps;
  const isTold = createQuietRecord(clock);
  const read = (query: ForensicQuery, caller: Caller): Promise<Forensics> => {
    // It shows processes and connections of the inventory as well as events.
    if (!caller.permissions.has('assets:read'))
      throw forbidden(`This needs the permission assets:read as well, which ${caller.name} does not have.`);
    const { scope, permissions } = caller;
    return readForensics(deps, { query, scope, withFindings: permissions.has('findings:read'), nowMs: clock.now() });
  };
  return {
    'forensics.get': async ({ query, caller, address }) => {
      const found = await read(query, caller);
      const target = targetOf(found);
      if (!isTold(JSON.stringify([caller.kind, caller.id, target])))
        await audit.record({
          actor: { kind: caller.kind, name: caller.name },
          action: 'forensics.look',
          outcome: 'succeeded',
          target,
          address,
          details: { since: query.since, until: query.until },
        });
      return { ...found, processes: found.processes.map(shortened) };
    },
    'forensics.evidence': async ({ query, caller, address, signal }) => {
      const found = await read(query, caller);
      const record = (action: string, details: Readonly<Record<string, unknown>>): Promise<void> =>
        audit.record({
          actor: { kind: caller.kind, name: caller.name },
          ...{ action, target: targetOf(found), address, details },
          outcome: 'succeeded',
        });
      await record('forensics.evidence', { since: query.since, until: query.until });
      return makeEvidence(
        { hunts, clock, log, console },
        {
          ...{ forensics: found, scope: caller.scope, signal },
          by: { kind: caller.kind, name: caller.name },
          // The archive says what it holds and the log says which manifest is the true one.
          onDone: ({ sha256, files, events }) =>
            record('forensics.evidence.done', { manifestSha256: sha256, files, events }),
        },
      );
    },
  };
};

const targetOf = ({ subject: { kind, name, hostName, hostId, containerId, process } }: Forensics): string =>
  kind === 'process' ? `process ${process?.id} (${name}) of ${hostName} ${hostId}` : `container ${name} ${containerId}`;

/** A list of thousands is not made of whole command lines: those are in the events and in the archive. */
const maxCommand = 1000;
const shortened = <T extends { commandLine?: string | undefined }>(process: T): T =>
  process.commandLine === undefined || process.commandLine.length <= maxCommand
    ? process
    : { ...process, commandLine: `${process.commandLine.slice(0, maxCommand)}…` };
