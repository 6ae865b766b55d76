import type { Presence, Scope, Sensor } from '@parapet/contract/api';
import type { SensorProgram } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { unexpectedEnds } from '../gateway/run-ends.ts';
import { scopeOnce } from '../people/scope.ts';
import { type Release, standingOf } from '../upgrades/version-standing.ts';

/** The named sensors as far as they are in scope, in the order they are named in. */
export const readSensors = async (
  db: Database,
  scope: Scope,
  wanted: { readonly hostIds: readonly string[]; readonly since: Date; readonly release: Release },
): Promise<Sensor[]> => {
  if (wanted.hostIds.length === 0) return [];
  const { table, has } = scopeOnce(scope);
  const ids = sql`any(${wanted.hostIds}::uuid[])`;
  // What belongs to a sensor is summed for all of them at once: asked sensor by sensor, a thousand take four times as long.
  // offset 0 parts the joins, which would be planned in every order.
  const { rows } = await sql<Row>`
    with ${table}
    select s.*, b.cause, coalesce(b.unexpected_ends, 0) as unexpected_ends,
      coalesce(l.events, 0)::bigint as lost_events, coalesce(l.records, 0)::bigint as lost_records, coalesce(k.collectors, '[]') as collectors
    from (
      select page.position, ${sql.join(shownColumns.map((column) => sql.ref(`s.${column}`)))}, a.name, a.zone, a.effective_labels as labels, c.not_after
      from unnest(${wanted.hostIds}::uuid[]) with ordinality as page (id, position)
      join sensors s on s.host_id = page.id
      join assets a on a.id = s.host_id
      left join sensor_certificates c on c.serial = s.certificate_serial
      where ${has(sql.ref('s.host_id'))}
      offset 0
    ) as s
    left join (
      select host_id, (array_agg(cause order by started_at desc) filter (where ended_at is null))[1] as cause,
        count(*) filter (where started_at > ${wanted.since} and cause like any(${endPatterns}::text[])) as unexpected_ends
      from blind_intervals where collector = 'sensor' and host_id = ${ids} group by host_id
    ) b on b.host_id = s.host_id
    left join (
      select host_id, sum(lost) filter (where kind = 'events') as events, sum(lost) filter (where kind = 'records') as records
      from losses where host_id = ${ids} group by host_id
    ) l on l.host_id = s.host_id
    left join (
      select host_id, json_agg(json_build_array(name, state, source, reason) order by name) as collectors
      from collectors where host_id = ${ids} group by host_id
    ) k on k.host_id = s.host_id
    order by s.position`.execute(db);
  return rows.map((row) => presentSensor(row, standingOf(row, wanted.release)));
};

const shownColumns = [
  ...['host_id', 'version', 'program', 'presence', 'presence_since', 'last_seen_at', 'enrolled_at', 'enrolment'],
  ...[
    'address',
    'certificate_serial',
    'skew_ms',
    'rss_bytes',
    'anonymous_bytes',
    'cpu_cores',
    'queued',
    'queue_age_ms',
  ],
  ...['refused_frames', 'in_sync'],
];

/** LIKE patterns of ends that nobody asked for. */
export const endPatterns = Object.values(unexpectedEnds).map((sentence) => `${sentence}%`);

type Row = {
  cause: string | null;
  unexpected_ends: number;
  program: SensorProgram | null;
  host_id: string;
  name: string;
  presence: Presence;
  presence_since: Date;
  last_seen_at: Date | null;
  version: string;
  enrolled_at: Date;
  enrolment: Sensor['enrolment'];
  zone: string | null;
  labels: Record<string, string>;
  address: string | null;
  certificate_serial: string;
  not_after: Date | null;
  skew_ms: number;
  rss_bytes: number | null;
  anonymous_bytes: number | null;
  cpu_cores: number | null;
  queued: number;
  queue_age_ms: number;
  collectors: [name: string, state: Sensor['collectors'][number]['state'], source: string, reason: string | null][];
  lost_events: number;
  lost_records: number;
  refused_frames: number;
  in_sync: boolean | null;
};

const presentSensor = (row: Row, standing: Sensor['standing']): Sensor => ({
  hostId: row.host_id,
  hostname: row.name,
  presence: row.presence,
  since: row.presence_since.toISOString(),
  ...(row.cause === null || row.presence === 'online' ? {} : { cause: row.cause }),
  standing,
  ...(row.program === null ? {} : { program: row.program }),
  unexpectedEnds: row.unexpected_ends,
  ...(row.last_seen_at === null ? {} : { lastSeenAt: row.last_seen_at.toISOString() }),
  version: row.version,
  enrolledAt: row.enrolled_at.toISOString(),
  enrolment: row.enrolment,
  zone: row.zone ?? '',
  labels: row.labels,
  ...(row.address === null ? {} : { address: row.address }),
  certificate: { serial: row.certificate_serial, notAfter: (row.not_after ?? row.enrolled_at).toISOString() },
  skewMs: row.skew_ms,
  ...(row.rss_bytes === null ? {} : { rssBytes: row.rss_bytes }),
  ...(row.anonymous_bytes === null ? {} : { anonymousBytes: row.anonymous_bytes }),
  ...(row.cpu_cores === null ? {} : { cpuCores: row.cpu_cores }),
  queued: row.queued,
  queueAgeMs: row.queue_age_ms,
  collectors: row.collectors.map(([name, state, source, reason]) => ({
    ...{ name, state, source },
    ...(reason === null ? {} : { reason }),
  })),
  lostEvents: row.lost_events,
  lostRecords: row.lost_records,
  refusedFrames: row.refused_frames,
  ...(row.in_sync === null ? {} : { inSync: row.in_sync }),
});
