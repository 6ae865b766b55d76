import type { Execute, StoreSize } from './store-size.ts';

/** Hosts, images, containers, processes, listeners and edges: ids follow from numbers, so that other tables can name them. */
export const fillGraph = async (execute: Execute, size: StoreSize): Promise<void> => {
  const containers = size.hosts * size.containersPerHost;
  await execute(`
    insert into assets (id, kind, key, name, status, zone, runtime_labels, record, exposure, first_seen_at, last_seen_at, scanned_at)
    select pg_temp.uid('asset' || n), 'host', 'host', 'node-' || lpad(n::text, 5, '0'), 'running', 'zone-' || n % 10,
      jsonb_build_object('team', chr(97 + n % 12), 'role', (array['web','app','db','cache'])[1 + n % 4]), '{}',
      (array['internet','zones','own-network','none-seen','unknown'])[1 + (n * 7) % 5], now() - interval '60 days' + n * interval '1 minute', now(), now()
    from generate_series(1, ${size.hosts}) n;
    insert into assets (id, kind, key, name, status, record, exposure, first_seen_at, last_seen_at, scanned_at)
    select pg_temp.uid('asset' || ${size.hosts} + n), 'image', 'sha256:' || md5('i' || n), 'registry.example/team-' || n % 40 || '/service-' || n || ':' || n % 9, 'present', '{}',
      (array['internet','zones','own-network','none-seen','unknown'])[1 + (n * 3) % 5], now() - interval '60 days' + n * interval '1 minute', now(), now()
    from generate_series(1, ${size.images}) n;
    insert into assets (id, kind, host_id, image_id, key, name, status, runtime_labels, record, exposure, first_seen_at, last_seen_at)
    select pg_temp.uid('container' || n), 'container', pg_temp.uid('asset' || 1 + n % ${size.hosts}), pg_temp.uid('asset' || ${size.hosts} + 1 + n % ${size.images}),
      'docker:' || md5('c' || n), 'service-' || 1 + n % ${size.images} || '-' || n, 'running', jsonb_build_object('tier', 't' || n % 5),
      jsonb_build_object('imageName', 'registry.example/service-' || n % ${size.images}),
      (array['internet','zones','own-network','none-seen','unknown'])[1 + (n * 11) % 5], now() - interval '20 days' + n * interval '1 minute', now()
    from generate_series(1, ${containers}) n;
    insert into image_locations (image_id, host_id, record, first_seen_at, last_seen_at)
    select distinct on (image_id, host_id) image_id, host_id, '{}'::jsonb, now() - interval '20 days', now() from assets where kind = 'container';
    insert into asset_intervals (asset_id, started_at) select id, first_seen_at from assets;
    insert into sensors (host_id, version, presence, presence_since, last_seen_at, enrolled_at, enrolment, certificate_serial, rss_bytes, cpu_cores)
    select id, '0.1.0', 'stopped', now() - interval '1 hour', now() - interval '1 hour', first_seen_at, 'new', 'serial-' || id, 50000000, 0.01 from assets where kind = 'host';
    insert into collectors (host_id, name, state, source, since)
    select id, c, 'running', 'docker', now() - interval '1 day' from assets cross join unnest(array['host','docker','process','network']) c where kind = 'host';
    insert into blind_intervals (host_id, collector, key, started_at, ended_at, cause)
    select id, 'sensor', 'b' || n, now() - n * interval '9 hours', now() - n * interval '9 hours' + interval '3 minutes', 'sensor restarted'
    from assets cross join generate_series(1, 5) n where kind = 'host';
    insert into losses (host_id, run_id, collector, stage, cause, lost, first_at, last_at)
    select id, pg_temp.uid('run' || id), 'process', 'kernel', 'overflow', 12, now() - interval '3 days', now() - interval '2 days' from assets where kind = 'host' and md5(id::text) < '2'`);
  await execute(`
    insert into processes (host_id, boot_id, key, container_key, container_id, pid, parent_key, name, executable, arguments, uid, user_name, loaded_files, started_at, ended_at)
    select coalesce(a.host_id, a.id), 'boot-1', (100 + p) || ':' || (hashtext(a.id::text)::bigint + 2147483648), case a.kind when 'container' then a.key end, case a.kind when 'container' then a.id end,
      100 + p, '1:1', (array['nginx','postgres','node','python3','java','sshd','bash','cron','redis-server','envoy'])[1 + p % 10],
      '/usr/bin/program-' || p, '["--config","/etc/program.conf"]', 1000, 'app', '["/usr/lib/libc.so.6","/usr/lib/libssl.so.3"]',
      now() - p * interval '40 minutes', case when p > (case a.kind when 'host' then 60 else 6 end) then now() - p * interval '20 minutes' end
    from assets a cross join lateral generate_series(1, case a.kind when 'host' then 100 else 12 end) p where a.kind <> 'image';
    insert into listeners (host_id, key, container_key, container_id, process_key, executable, protocol, address, port, started_at)
    select coalesce(host_id, id), id || '|tcp', case kind when 'container' then key end, case kind when 'container' then id end, '101:' || (hashtext(id::text)::bigint + 2147483648), '/usr/bin/program-1', 'tcp', '0.0.0.0', 8000 + abs(hashtext(name)) % 20, now() - interval '10 days'
    from assets where kind <> 'image'`);
  await execute(`
    insert into edges (source_node, target_node, source_process, target_process, protocol, port, source_asset, target_asset,
      first_seen_at, last_seen_at, ended_at, connections, address_count)
    select case when n % 50 = 0 then 'internet' else 'container:' || source end, case when n % 50 = 2 then 'internet' else 'container:' || target end,
      '/usr/bin/client', '/usr/bin/server', 'tcp', 8000 + n % 20, case when n % 50 > 0 then source end, case when n % 50 <> 2 then target end,
      now() - interval '20 days' * pg_temp.share(n, 4), now(), case when n % 3 = 1 then now() - interval '10 days' * pg_temp.share(n, 5) end, 1 + n % 5000, case when n % 50 in (0, 2) then n % 300 end
    from (select n, pg_temp.uid('container' || 1 + (n * 7919) % ${containers}) as source, pg_temp.uid('container' || 1 + (n * 104729 + n / 97) % ${containers}) as target
      from generate_series(1, ${size.edges}::bigint) n) picked where source <> target on conflict do nothing;
    insert into edge_intervals (edge_id, started_at, ended_at) select id, least(first_seen_at, ended_at), ended_at from edges;
    insert into internet_distances (asset_id, hops, via_asset_id, protocol, port)
    select distinct on (target_asset) target_asset, 1, null::uuid, 'tcp', port from edges where source_node = 'internet' and ended_at is null`);
};
