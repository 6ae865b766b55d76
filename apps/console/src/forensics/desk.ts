import type { Forensics, OpenNow, ParsedOf, Scope } from '@parapet/contract/api';
import { AppError, type Clock } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { AuditRecord } from '../audit/audit-record.ts';
import type { StreamReply } from '../http/handler.ts';
import type { Log } from '../logging/log.ts';
import { createQuietRecord } from '../telemetry/quiet-record.ts';
import type { ForensicQuery, ForensicsDeps } from './deps.ts';
import { makeEvidence } from './evidence.ts';
import { readForensics } from './forensics.ts';
import type { LookDesk } from './look-port.ts';
import { findLookTarget, type LookAsk } from './look-target.ts';

/** Who asks, and what they may see. */
export type Asker = {
  readonly actor: AuditRecord['actor'];
  /** Tells askers apart where names may be the same. */
  readonly id: string;
  readonly address?: string | undefined;
  readonly scope: Scope;
  readonly withFindings: boolean;
};

/** What people and the command line may ask about one process or container; all of it is written down. */
export type ForensicsDesk = {
  readonly get: (query: ForensicQuery, asker: Asker) => Promise<Forensics>;
  /** What it has open now. */
  readonly look: (ask: LookAsk, asker: Asker) => Promise<OpenNow>;
  readonly evidence: (
    query: ParsedOf<'forensics.evidence'>['query'],
    asker: Asker,
    signal: AbortSignal,
  ) => Promise<StreamReply>;
};

export type ForensicsDeskDeps = ForensicsDeps & {
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditLog;
  readonly look: LookDesk['look'];
  readonly console: { readonly name: string; readonly version: string };
};

export const createForensicsDesk = (deps: ForensicsDeskDeps): ForensicsDesk => {
  const { db, clock, audit, hunts, log, console } = deps;
  const isTold = createQuietRecord(clock);
  const record = ({ actor, address }: Asker, entry: Pick<AuditRecord, 'action' | 'outcome' | 'target' | 'details'>) =>
    audit.record({ actor, ...(address === undefined ? {} : { address }), ...entry });
  const read = (query: ForensicQuery, { scope, withFindings }: Asker): Promise<Forensics> =>
    readForensics(deps, { query, scope, withFindings, nowMs: clock.now() });

  const look: ForensicsDesk['look'] = async (ask, asker) => {
    const { hostId, name, target } = await findLookTarget(db, ask, asker.scope, clock.now());
    const action = { action: 'forensics.inspect', target: name };
    try {
      const { processes, left } = await deps.look(hostId, target);
      await record(asker, { ...action, outcome: 'succeeded', details: { processes: processes.length } });
      return { at: new Date(clock.now()).toISOString(), processes: [...processes], left };
    } catch (error) {
      if (error instanceof AppError)
        await record(asker, { ...action, outcome: 'failed', details: { reason: error.message } });
      throw error;
    }
  };

  return {
    look,
    get: async (query, asker) => {
      const found = await read(query, asker);
      const target = targetOf(found);
      const { since, until } = query;
      if (!isTold(JSON.stringify([asker.actor.kind, asker.id, target])))
        await record(asker, { action: 'forensics.look', outcome: 'succeeded', target, details: { since, until } });
      return found;
    },
    evidence: async ({ look: withOpen, ...query }, asker, signal) => {
      const found = await read(query, asker);
      const { hostId, process, containerId, since, until } = query;
      const opened = withOpen ? await openOrReason(look({ hostId, process, containerId }, asker)) : {};
      const target = targetOf(found);
      const details = { since, until, look: withOpen };
      await record(asker, { action: 'forensics.evidence', outcome: 'succeeded', target, details });
      return makeEvidence(
        { hunts, clock, log, console },
        {
          forensics: opened.limit === undefined ? found : { ...found, limits: [...found.limits, opened.limit] },
          ...{ openNow: opened.openNow, scope: asker.scope, by: asker.actor, signal },
          // The archive says what it holds and the log says which manifest is the true one.
          onDone: ({ sha256, files, events }) =>
            record(asker, {
              ...{ action: 'forensics.evidence.done', outcome: 'succeeded', target },
              details: { manifestSha256: sha256, files, events },
            }),
        },
      );
    },
  };
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
