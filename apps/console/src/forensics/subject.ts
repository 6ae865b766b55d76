import type { ForensicProcess, Scope } from '@parapet/contract/api';
import { AppError, badRequest, notFound } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { type AssetFound, findAsset } from '../graph/assets/detail.ts';
import { momentOf } from '../graph/moment.ts';
import { createScopeFilter } from '../graph/scope-filter.ts';
import { inScope } from '../people/scope.ts';
import type { AnswerDeps, ForensicQuery } from './deps.ts';
import { mergeProcess, processesOf, processOf } from './event-processes.ts';
import { findProcess, type InventoryProcess } from './inventory-processes.ts';
import { isLife, type OwnEvents, readEventsOfProcess } from './own-events.ts';

export type Subject = {
  readonly kind: 'process' | 'container';
  readonly name: string;
  readonly hostId: string;
  readonly hostName: string;
  readonly containerId?: string;
  readonly containerName?: string;
  /** Absent for a container. */
  readonly process?: ForensicProcess;
  /** Of a process: it is known from them. */
  readonly own?: OwnEvents;
  /** Of a container: what it is. */
  readonly asset?: AssetFound;
  /** Finds its events. */
  readonly hunt: string;
  /** The same, with its host: files without events of it are not read. */
  readonly search: string;
};

/** Who is meant. Throws 404 for what nothing is known of in the caller's scope. */
export const resolveSubject = async (
  deps: AnswerDeps,
  query: ForensicQuery,
  scope: Scope,
  nowMs: number,
): Promise<Subject> => {
  const { hostId, process, containerId, since, until } = query;
  if (Date.parse(until) <= Date.parse(since)) throw badRequest('bad-span', '`until` must be later than `since`.');
  if (containerId !== undefined && hostId === undefined && process === undefined)
    return resolveContainer(deps, containerId, scope, nowMs);
  if (containerId === undefined && hostId !== undefined && process !== undefined)
    return resolveProcess(deps, { hostId, id: process }, { since, until }, scope);
  throw badRequest('bad-subject', 'Name a process by `hostId` and `process`, or a container by `containerId`.');
};

const resolveContainer = async (
  { db }: AnswerDeps,
  containerId: string,
  scope: Scope,
  nowMs: number,
): Promise<Subject> => {
  const asset = await findAsset(db, momentOf(undefined, nowMs), createScopeFilter(scope), containerId);
  if (asset === undefined) throw notFound('The asset');
  if (asset.kind !== 'container' || asset.hostId === undefined || asset.hunt === undefined)
    throw badRequest('bad-subject', `${asset.name} is no container. Look at one of its processes or containers.`);
  return {
    kind: 'container',
    name: asset.name,
    hostId: asset.hostId,
    hostName: asset.hostname ?? '',
    containerId,
    containerName: asset.name,
    asset,
    hunt: asset.hunt,
    search: `host.id = ${asset.hostId} and ${asset.hunt}`,
  };
};

const resolveProcess = async (
  deps: AnswerDeps,
  { hostId, id }: { readonly hostId: string; readonly id: string },
  span: { readonly since: string; readonly until: string },
  scope: Scope,
): Promise<Subject> => {
  const { db } = deps;
  const hunt = huntOf(hostId, id);
  const scopeThere = (await deps.hunts.showsAllOf(hostId)) ? null : scope;
  const [known, { own, lives, newest }] = await Promise.all([
    findProcess(db, { hostId, id }, Date.parse(span.until), scopeThere),
    readLife(deps, { hostId, id }, span),
  ]);
  const container = await containerOf(db, hostId, known, newest?.['container.id'], scopeThere);
  const told = processesOf(lives).get(id) ?? (newest === undefined ? undefined : processOf(newest));
  const process = mergeProcess(known?.process, told);
  if (process === undefined) throw unknownProcess();
  return {
    kind: 'process',
    name: process.name,
    hostId,
    hostName: known?.hostName ?? String(newest?.['host.name'] ?? ''),
    ...container,
    ...{ process, own, hunt, search: hunt },
  };
};

/** How it began and ended, and the newest of its events, which may name what the others did not know yet. */
const readLife = async (
  deps: AnswerDeps,
  { hostId, id }: { readonly hostId: string; readonly id: string },
  span: { readonly since: string; readonly until: string },
) => {
  const own = await readEventsOfProcess(deps, { hostId, id }, span);
  if (own.all !== undefined) return { own, lives: own.all.filter(isLife).slice(0, maxStarts), newest: own.all[0] };
  const { hunts } = deps;
  const hunt = huntOf(hostId, id);
  const [lives, any] = await Promise.all([
    hunts.find({ q: `${hunt} and event.action in (exec, exit)`, ...span, limit: maxStarts }),
    hunts.find({ q: hunt, ...span, limit: 1 }),
  ]);
  return { own, lives: lives.items, newest: any.items[0] };
};

/** The inventory leaves out what lived for seconds; its events name the container by the runtime's id, which its key ends with. */
const containerOf = async (
  db: Database,
  hostId: string,
  known: InventoryProcess | undefined,
  runtimeId: unknown,
  scope: Scope,
): Promise<Pick<Subject, 'containerId' | 'containerName'>> => {
  if (known?.containerId !== undefined && known.containerName !== undefined)
    return { containerId: known.containerId, containerName: known.containerName };
  if (typeof runtimeId !== 'string') return {};
  const { rows } = await sql<{ id: string; name: string }>`
select id, name from assets where kind = 'container' and host_id = ${hostId}::uuid and substr(key, strpos(key, ':') + 1) = ${runtimeId}
  and ${inScope(scope, sql.ref('assets.id'))} order by last_seen_at desc limit 1`.execute(db);
  const [row] = rows;
  return row === undefined ? {} : { containerId: row.id, containerName: row.name };
};

export const huntOf = (hostId: string, processId: string): string =>
  `host.id = ${hostId} and process.entity_id = "${processId}"`;

/** A process that runs another program in its place does so a few times. */
const maxStarts = 200;

const unknownProcess = (): AppError => {
  const { code, status } = notFound('This process');
  return new AppError(
    code,
    status,
    'Nothing is known of this process in this time. It may lie outside, or events of it are no longer kept.',
  );
};
