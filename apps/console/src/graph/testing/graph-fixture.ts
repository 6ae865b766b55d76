import { randomUUID } from 'node:crypto';
import type { Database } from '../../database/database.ts';

type Span = { readonly from?: Date; readonly to?: Date };

export type GraphFixture = {
  readonly host: (name: string, options?: HostOptions) => Promise<string>;
  readonly container: (host: string, name: string, options?: ContainerOptions) => Promise<string>;
  readonly image: (name: string) => Promise<string>;
  readonly edge: (edge: EdgeOptions) => Promise<number>;
  readonly listener: (host: string, options: ListenerOptions) => Promise<void>;
  readonly process: (host: string, options: ProcessOptions) => Promise<void>;
  readonly blind: (
    host: string,
    span: { readonly from: Date; readonly to?: Date },
    collector?: string,
  ) => Promise<void>;
};

export type HostOptions = Span & {
  readonly zone?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly risk?: number;
  readonly presence?: 'online' | 'unknown' | 'stopped';
};
export type ContainerOptions = Span & {
  readonly image?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly risk?: number;
  readonly privileged?: boolean;
};
export type EdgeOptions = {
  /** `internet`, `peer:<zone>|<address>`, or the id of a host or container with its kind before it. */
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly sourceProcess?: string;
  readonly targetProcess?: string;
  readonly connections?: number;
  readonly addressCount?: number;
  readonly lastSeen?: Date;
  /** When it was there; from the beginning on when left out. */
  readonly spans?: readonly { readonly from: Date; readonly to?: Date }[];
};
export type ListenerOptions = Span & {
  readonly container?: string;
  readonly port: number;
  readonly executable: string;
  readonly processKey?: string;
};
export type ProcessOptions = Span & {
  readonly container?: string;
  readonly pid: number;
  readonly name: string;
  readonly executable: string;
  readonly parent?: string;
};

/** Fills the inventory tables directly, as ingest would leave them. Times default to `start`. */
export const createGraphFixture = (db: Database, start: Date): GraphFixture => {
  const asset = async (row: {
    readonly id: string;
    readonly kind: 'host' | 'container' | 'image';
    readonly name: string;
    readonly host?: string;
    readonly image?: string;
    readonly zone?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly risk?: number;
    readonly record?: Readonly<Record<string, unknown>>;
    readonly span: Span;
  }): Promise<string> => {
    const from = row.span.from ?? start;
    const gone = row.span.to !== undefined;
    await db
      .insertInto('assets')
      .values({
        id: row.id,
        kind: row.kind,
        host_id: row.host ?? null,
        key: `key-${row.id}`,
        name: row.name,
        status: row.kind === 'image' ? 'present' : gone ? 'gone' : 'running',
        image_id: row.image ?? null,
        parent_id: null,
        zone: row.zone ?? null,
        runtime_labels: JSON.stringify(row.labels ?? {}),
        people_labels: '{}',
        record: JSON.stringify(row.record ?? {}),
        first_seen_at: from,
        last_seen_at: row.span.to ?? from,
        ended_at: row.span.to ?? null,
        risk: row.risk ?? null,
        scanned_at: null,
      })
      .execute();
    await db
      .insertInto('asset_intervals')
      .values({ asset_id: row.id, started_at: from, ended_at: row.span.to ?? null })
      .execute();
    return row.id;
  };

  return {
    host: async (name, options = {}) => {
      const id = await asset({
        id: randomUUID(),
        kind: 'host',
        name,
        span: options,
        ...pick(options),
        zone: options.zone ?? 'default',
      });
      await db
        .insertInto('sensors')
        .values({
          host_id: id,
          version: '0',
          presence: options.presence ?? 'online',
          presence_since: start,
          last_seen_at: start,
          enrolled_at: start,
          enrolment: 'new',
          machine_id: null,
          dmi_uuid: null,
          cloud_instance_id: null,
          address: null,
          certificate_serial: id,
          boot_id: 'boot',
          run_id: null,
          rss_bytes: null,
          anonymous_bytes: null,
          cpu_cores: null,
          in_sync: true,
        })
        .execute();
      return id;
    },
    container: (host, name, options = {}) =>
      asset({
        id: randomUUID(),
        kind: 'container',
        name,
        host,
        span: options,
        record: { imageName: 'shop/web:1', privilege: { privileged: options.privileged ?? false } },
        ...pick(options),
        ...(options.image === undefined ? {} : { image: options.image }),
      }),
    image: (name) => asset({ id: randomUUID(), kind: 'image', name, span: {} }),
    edge: async (edge) => {
      const spans = edge.spans ?? [{ from: start }];
      const ended = spans.at(-1)?.to;
      const { id } = await db
        .insertInto('edges')
        .values({
          source_node: edge.from,
          target_node: edge.to,
          source_process: edge.sourceProcess ?? '',
          target_process: edge.targetProcess ?? '',
          protocol: 'tcp',
          port: edge.port,
          published_port: null,
          source_asset: assetIn(edge.from),
          target_asset: assetIn(edge.to),
          first_seen_at: spans[0]?.from ?? start,
          last_seen_at: ended ?? edge.lastSeen ?? start,
          ended_at: ended ?? null,
          connections: edge.connections ?? 1,
          bytes_sent: null,
          bytes_received: null,
          address_count: edge.addressCount ?? null,
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      await db
        .insertInto('edge_intervals')
        .values(spans.map((span) => ({ edge_id: id, started_at: span.from, ended_at: span.to ?? null })))
        .execute();
      return id;
    },
    listener: async (host, options) => {
      await db
        .insertInto('listeners')
        .values({
          host_id: host,
          key: `${options.container ?? 'host'}|tcp|0.0.0.0|${options.port}`,
          container_key: options.container ?? null,
          container_id: options.container ?? null,
          process_key: options.processKey ?? null,
          executable: options.executable,
          protocol: 'tcp',
          address: '0.0.0.0',
          port: options.port,
          started_at: options.from ?? start,
          ended_at: options.to ?? null,
        })
        .execute();
    },
    process: async (host, options) => {
      await db
        .insertInto('processes')
        .values({
          host_id: host,
          boot_id: 'boot',
          key: `${options.pid}:1`,
          container_key: options.container ?? null,
          container_id: options.container ?? null,
          pid: options.pid,
          parent_key: options.parent ?? null,
          name: options.name,
          executable: options.executable,
          arguments: JSON.stringify([options.executable]),
          uid: 0,
          user_name: 'root',
          capabilities: null,
          loaded_files: '[]',
          exit_code: null,
          started_at: options.from ?? start,
          ended_at: options.to ?? null,
        })
        .execute();
    },
    blind: async (host, span, collector = 'sensor') => {
      await db
        .insertInto('blind_intervals')
        .values({
          host_id: host,
          collector,
          key: `${collector}|${span.from.getTime()}`,
          started_at: span.from,
          ended_at: span.to ?? null,
          cause: 'no word from it',
        })
        .execute();
    },
  };
};

const pick = (options: { readonly labels?: Readonly<Record<string, string>>; readonly risk?: number }) => ({
  ...(options.labels === undefined ? {} : { labels: options.labels }),
  ...(options.risk === undefined ? {} : { risk: options.risk }),
});

const assetIn = (node: string): string | null => /^(?:host|container):(.+)$/.exec(node)?.[1] ?? null;
