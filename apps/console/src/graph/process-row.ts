import { sql } from 'kysely';

/** What is read of a process, from `processes p`. */
export const processColumns = sql`p.host_id as "hostId", p.key, p.pid, p.parent_key as "parentKey", p.name, p.executable, p.arguments,
  p.uid::float8 as uid, p.user_name as "userName", p.exit_code as "exitCode", p.started_at as "startedAt", p.ended_at as "endedAt",
  p.container_id as "containerId"`;

export type ProcessRow = {
  readonly hostId: string;
  readonly key: string;
  readonly pid: number;
  readonly parentKey: string | null;
  readonly name: string;
  readonly executable: string;
  readonly arguments: readonly string[];
  readonly uid: number;
  readonly userName: string | null;
  readonly exitCode: number | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly containerId: string | null;
};

/** What every presentation of it has. */
export const presentProcess = (row: ProcessRow) => ({
  id: row.key,
  pid: row.pid,
  name: row.name,
  user: row.userName ?? (row.uid === 0 ? 'root' : `uid ${row.uid}`),
  startedAt: row.startedAt.toISOString(),
  ...(row.endedAt === null ? {} : { endedAt: row.endedAt.toISOString() }),
});
