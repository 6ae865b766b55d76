import type { ParsedOf, Scope } from '@parapet/contract/api';
import type { LookTarget } from '@parapet/contract/wire';
import { badRequest, notFound } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inScope } from '../people/scope.ts';
import { findProcess } from './inventory-processes.ts';

export type LookAsk = ParsedOf<'forensics.look'>['body'];
export type FoundTarget = { readonly hostId: string; readonly name: string; readonly target: LookTarget };

/** Which sensor is to look at what. Throws 404 for what the scope does not show. */
export const findLookTarget = async (
  db: Database,
  { hostId, process, containerId }: LookAsk,
  scope: Scope,
  nowMs: number,
): Promise<FoundTarget> => {
  if (containerId !== undefined && hostId === undefined && process === undefined) {
    const container = await findAsset(db, { id: containerId, kind: 'container' }, scope);
    if (container === undefined || container.hostId === null) throw notFound('The container');
    const runtimeId = container.key.slice(container.key.indexOf(':') + 1);
    return {
      ...{ hostId: container.hostId, name: `container ${container.name} ${containerId}` },
      target: { kind: 'container', runtimeId },
    };
  }
  if (containerId === undefined && hostId !== undefined && process !== undefined) {
    const isShown =
      (await findAsset(db, { id: hostId, kind: 'host' }, scope)) !== undefined ||
      // Of a host out of scope only the containers in it are shown, and which processes are theirs the inventory knows.
      (await findProcess(db, { hostId, id: process }, nowMs, scope)) !== undefined;
    if (!isShown) throw notFound('The process');
    return { hostId, name: `process ${process} of ${hostId}`, target: { kind: 'process', process } };
  }
  throw badRequest('bad-subject', 'Name a process by `hostId` and `process`, or a container by `containerId`.');
};

const findAsset = async (
  db: Database,
  { id, kind }: { readonly id: string; readonly kind: 'host' | 'container' },
  scope: Scope,
): Promise<{ readonly key: string; readonly name: string; readonly hostId: string | null } | undefined> => {
  const { rows } = await sql<{ key: string; name: string; hostId: string | null }>`
select key, name, host_id as "hostId" from assets
where id = ${id}::uuid and kind = ${kind} and ${inScope(scope, sql.ref('assets.id'))}`.execute(db);
  return rows[0];
};
