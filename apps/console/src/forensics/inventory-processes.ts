import type { ForensicProcess, Scope } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { type ProcessRow, presentProcess, processColumns } from '../graph/process-row.ts';
import { inScope } from '../people/scope.ts';

/** Milliseconds since the Unix epoch; `to` is not part of it. */
export type TimeSpan = { readonly from: number; readonly to: number };

/** More than a busy host runs in an hour; each is some hundred bytes. */
const maxProcesses = 5000;

/** Processes of a host, or of one of its containers, that the inventory saw alive in a span, by their ids. */
export const readAlive = async (
  db: Database,
  where: { readonly hostId: string; readonly containerId?: string | undefined },
  { from, to }: TimeSpan,
  scope: Scope,
): Promise<{ readonly processes: ReadonlyMap<string, ForensicProcess>; readonly cut: boolean }> => {
  const { rows } = await sql<ProcessRow>`
select ${processColumns} from processes p
where p.host_id = ${where.hostId}::uuid and p.started_at < ${new Date(to)} and (p.ended_at is null or p.ended_at >= ${new Date(from)})
  and (${where.containerId ?? null}::uuid is null or p.container_id = ${where.containerId ?? null}::uuid) and ${visible(scope)}
order by p.started_at desc, p.id desc limit ${maxProcesses + 1}`.execute(db);
  const kept = rows.slice(0, maxProcesses);
  // Of two lives under one id (another boot) the later one is meant: rows come latest first.
  return {
    processes: new Map(kept.toReversed().map((row) => [row.key, present(row)])),
    cut: rows.length > maxProcesses,
  };
};

export type InventoryProcess = {
  readonly process: ForensicProcess;
  readonly hostName: string;
  readonly containerId?: string;
  readonly containerName?: string;
};

/** The last process of that id that began before a moment. */
export const findProcess = async (
  db: Database,
  { hostId, id }: { readonly hostId: string; readonly id: string },
  before: number,
  scope: Scope,
): Promise<InventoryProcess | undefined> => {
  const { rows } = await sql<ProcessRow & { readonly hostName: string; readonly containerName: string | null }>`
select ${processColumns}, h.name as "hostName", c.name as "containerName"
from processes p join assets h on h.id = p.host_id left join assets c on c.id = p.container_id
where p.host_id = ${hostId}::uuid and p.key = ${id} and p.started_at < ${new Date(before)} and ${visible(scope)}
order by p.started_at desc limit 1`.execute(db);
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    process: present(row),
    hostName: row.hostName,
    ...(row.containerId === null ? {} : { containerId: row.containerId }),
    ...(row.containerName === null ? {} : { containerName: row.containerName }),
  };
};

const visible = (scope: Scope): RawBuilder<unknown> =>
  sql`(${inScope(scope, sql.ref('p.host_id'))} or ${inScope(scope, sql.ref('p.container_id'))})`;

const present = (row: ProcessRow): ForensicProcess => ({
  ...presentProcess(row),
  knownBy: 'inventory',
  ...(row.executable === '' ? {} : { executable: row.executable }),
  ...(row.arguments.length === 0 ? {} : { commandLine: row.arguments.join(' ') }),
  ...(row.parentKey === null ? {} : { parentId: row.parentKey }),
  ...(row.exitCode === null ? {} : { exitCode: row.exitCode }),
});
