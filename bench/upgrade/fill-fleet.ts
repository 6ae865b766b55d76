import { sql } from 'kysely';
import type { Database } from '../../apps/console/src/database/database.ts';
import { insertSyntheticFindings } from '../../apps/console/src/findings/synthetic-findings.ts';

/**
 * Rows of a fleet as the identity rules make them, by the columns of 0.1.0: a host has 20 containers of which half are gone,
 * 60 processes and their past, 100 edges; 300 packages lie on a host, 200 on each of 500 images, and findings on those.
 */
export const fillFleet = async (db: Database, hosts: number): Promise<void> => {
  const images = Math.max(1, Math.round(hosts / 2));
  await insertSyntheticFindings(db, { hosts, images, vulnerabilities: 6_000, findingsEach: 170 });
  await containers(db, hosts);
  await processes(db, hosts);
  await edges(db, hosts);
  await packages(db, hosts + images);
  await sql`analyze`.execute(db);
};

const containers = async (db: Database, hosts: number): Promise<void> => {
  await sql`
    insert into assets (id, kind, host_id, image_id, key, name, status, runtime_labels, record, first_seen_at, last_seen_at, ended_at)
    select md5('c' || n)::uuid, 'container', md5('asset' || (1 + n % ${hosts}))::uuid, md5('asset' || (${hosts} + 1 + n % ${Math.max(1, Math.round(hosts / 2))}))::uuid,
      'docker:' || md5('k' || n), 'shop-' || n, case when n % 2 = 0 then 'running' else 'gone' end, jsonb_build_object('team', chr(97 + n % 3), 'release', n::text),
      jsonb_build_object('kind', 'container', 'imageName', 'registry.example/shop:' || n % 97, 'networks', jsonb_build_array(jsonb_build_object('name', 'bridge', 'address', '172.17.0.' || n % 250)),
        'environment', repeat('x', 300)), now() - interval '9 days', now(), case when n % 2 = 1 then now() - interval '1 hour' end
    from generate_series(1, ${hosts * 20}::int) as n`.execute(db);
  await sql`
    insert into asset_intervals (asset_id, started_at, ended_at)
    select id, first_seen_at, ended_at from assets where kind = 'container'`.execute(db);
  await sql`
    insert into sensors (host_id, version, presence, presence_since, last_seen_at, enrolled_at, enrolment, certificate_serial, stream_epoch, stream_seq)
    select id, '0.1.0', 'online', now(), now(), now() - interval '90 days', 'new', md5(id::text), 3, 4711 from assets where kind = 'host'`.execute(
    db,
  );
  await sql`
    insert into audit_log (at, actor_kind, actor_name, action, outcome, target, details)
    select now() - n * interval '1 minute', 'user', 'ada', 'findings.accept', 'succeeded', md5(n::text), '{"reason":"made up for a bench"}' from generate_series(1, 50000) as n`.execute(
    db,
  );
};

const processes = async (db: Database, hosts: number): Promise<void> => {
  await sql`
    insert into processes (host_id, boot_id, key, container_id, pid, name, executable, arguments, uid, loaded_files, started_at, ended_at)
    select md5('asset' || (1 + n % ${hosts}))::uuid, 'boot-1', n || ':1', case when n % 3 = 0 then md5('c' || (1 + n % ${hosts * 20}))::uuid end, n % 30000, 'worker',
      '/usr/bin/worker-' || n % 40, jsonb_build_array('worker', '--shard', n::text, repeat('a', 60)), 1000, '["/usr/lib/x86_64-linux-gnu/libc.so.6","/usr/lib/x86_64-linux-gnu/libssl.so.3"]',
      now() - interval '2 days', case when n % 3 > 0 then now() - interval '1 day' end
    from generate_series(1, ${hosts * 180}::int) as n`.execute(db);
  await sql`
    insert into inventory_records (host_id, kind, key, epoch, hash)
    select md5('asset' || (1 + n % ${hosts}))::uuid, 'process', n || ':1', 3, substr(md5(n::text), 1, 16) from generate_series(1, ${hosts * 100}::int) as n`.execute(
    db,
  );
};

const edges = async (db: Database, hosts: number): Promise<void> => {
  const count = hosts * 100;
  await sql`
    insert into edges (source_node, target_node, target_process, protocol, port, source_asset, target_asset, first_seen_at, last_seen_at, connections, addresses)
    select 'container:' || md5('c' || s), 'container:' || md5('c' || t), '/usr/bin/worker-' || n % 40, 'tcp', 1 + n % 60000, md5('c' || s)::uuid, md5('c' || t)::uuid,
      now() - interval '9 days', now(), n, '{}'
    from generate_series(1, ${count}::int) as n cross join lateral (select 1 + n % ${hosts * 20} as s, 1 + (n * 7 + 3) % ${hosts * 20} as t) as ends
    on conflict do nothing`.execute(db);
  await sql`
    insert into edge_intervals (edge_id, started_at, ended_at)
    select id, now() - n * interval '1 day', case when n > 1 then now() - n * interval '1 day' + interval '5 hours' end from edges cross join generate_series(1, 4) as n`.execute(
    db,
  );
  await sql`
    insert into edge_reports (host_id, key, edge_id, side, zone, source_node, target_node, protocol, port, record, live, started_at, last_seen_at, connections)
    select c.host_id, 'e' || e.id, e.id, 'source', 'default', e.source_node, e.target_node, e.protocol, e.port,
      '{"kind":"edge","direction":"out","peer":{"kind":"internet","addresses":["192.0.2.1"]},"note":"made up for a bench"}', true, e.first_seen_at, e.last_seen_at, e.connections
    from edges e join assets c on c.id = e.source_asset`.execute(db);
};

/** Documents are compressed already, so they are as good as random. */
const packages = async (db: Database, assets: number): Promise<void> => {
  await sql`
    insert into asset_packages (asset_id, purl, package_key, type, name, version, licences, location, files)
    select md5('asset' || a)::uuid, 'pkg:deb/debian/package-' || p || '@1.' || p % 9, 'pkg:deb/debian/package-' || p, 'dpkg', 'package-' || p, '1.' || p % 9, '{MIT}',
      '/var/lib/dpkg/status', array['/usr/lib/libp' || p || '.so']
    from generate_series(1, ${assets}::int) as a cross join generate_series(1, 260) as p`.execute(db);
  await sql`
    insert into sboms (id, asset_id, reporter_host_id, content_hash, status, package_count, document, made_at, received_at, current)
    select gen_random_uuid(), md5('asset' || a)::uuid, md5('asset1')::uuid, md5(a::text), 'succeeded', 260,
      (select string_agg(decode(md5(a || '-' || i), 'hex'), ''::bytea) from generate_series(1, 1500) as i), now(), now(), true
    from generate_series(1, ${assets}::int) as a`.execute(db);
};
