import type { ProcessItem, ResultOf } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { type Moment, rowThere } from '../moment.ts';
import { type ProcessRow, presentProcess, processColumns } from '../process-row.ts';
import type { AssetRow } from './asset-row.ts';

type Processes = ResultOf<'assets.processes'>;
type Target = Pick<AssetRow, 'id' | 'kind'>;

const maxProcesses = 3_000;
const maxListeners = 10_000;

/** Processes of a host (those of its containers too) or of a container, with what they listen on. */
export const readProcesses = async (db: Database, moment: Moment, asset: Target): Promise<Processes> => {
  if (asset.kind === 'image' || asset.kind === 'upload') return { items: [], cut: false };
  const [processes, listeners] = await Promise.all([
    sql<Row>`
      select ${processColumns}, c.name as "containerName"
      from processes p left join assets c on c.id = p.container_id
      where ${ownedBy('p', asset)} and ${rowThere('p', moment)}
      order by p.started_at, p.id limit ${maxProcesses + 1}`.execute(db),
    sql<ListenerRow>`
      select l.host_id as "hostId", l.process_key as "processKey", l.protocol, l.address, l.port from listeners l
      where ${ownedBy('l', asset)} and ${rowThere('l', moment)} and l.process_key is not null
      order by l.port, l.protocol limit ${maxListeners}`.execute(db),
  ]);
  const listening = Map.groupBy(listeners.rows, (row) => `${row.hostId}|${row.processKey}`);
  const rows = processes.rows.slice(0, maxProcesses);
  return {
    items: rows.map((row) => present(row, listening.get(`${row.hostId}|${row.key}`) ?? [])),
    cut: processes.rows.length > maxProcesses,
  };
};

type Row = ProcessRow & { readonly containerName: string | null };
type ListenerRow = {
  readonly hostId: string;
  readonly processKey: string;
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
};

const ownedBy = (alias: string, asset: Target): RawBuilder<unknown> =>
  asset.kind === 'host'
    ? sql`${sql.ref(`${alias}.host_id`)} = ${asset.id}::uuid`
    : sql`${sql.ref(`${alias}.container_id`)} = ${asset.id}::uuid`;

const present = (row: Row, listeners: readonly ListenerRow[]): ProcessItem => {
  const parentPid = pidOf(row.parentKey);
  return {
    ...presentProcess(row),
    executable: row.executable,
    arguments: [...row.arguments],
    root: row.uid === 0,
    listening: listeners.map(({ protocol, address, port }) => ({ protocol, address, port })),
    ...(parentPid === undefined ? {} : { parentPid }),
    ...(row.containerId === null ? {} : { containerId: row.containerId }),
    ...(row.containerName === null ? {} : { containerName: row.containerName }),
  };
};

/** A process's key is `<pid>:<start ticks>`. */
const pidOf = (key: string | null): number | undefined => {
  const pid = Number.parseInt(key ?? '', 10);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
};
