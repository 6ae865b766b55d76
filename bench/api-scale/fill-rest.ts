import type { Execute, StoreSize } from './store-size.ts';

const factors = `'{"exposure":{"value":0.5,"known":true,"reason":"seen","evidence":[]},"use":{"value":0.5,"known":true,"reason":"seen","evidence":[]},"impact":{"value":0.5,"known":true,"reason":"seen","evidence":[]}}'::jsonb`;

/** Reasons, risk over time, scans, audit, feeds, a day of accounts of which each hundredth tells a loss on every tenth host. */
export const fillRest = async (execute: Execute, size: StoreSize): Promise<void> => {
  await execute(`
    insert into risk_contexts (asset_id, instance_id, package_id, exposure, use_value, impact, exposure_kind, use_kind, factors)
    select coalesce(i.image_id, i.id), i.id, 0, 0.5, 0.1, 0.5, i.exposure, 'installed', ${factors} from assets i where i.kind <> 'image'
    union all
    select p.asset_id, i.id, p.id, 0.5, 0.8, 0.5, i.exposure, p.use_kind, ${factors} from asset_packages p join assets i on (i.id = p.asset_id and i.kind = 'host') or i.image_id = p.asset_id
    where p.use_kind = 'running';
    insert into risk_queue (asset_id, computed_at) select asset_id, now() from asset_software;
    insert into risk_hours (at, risk, open) select date_trunc('hour', now()) - n * interval '1 hour', 1000000 + n, 800000 + n from generate_series(0, 14 * 24) n;
    insert into risk_days (day, asset_id, risk, open) select current_date - n, asset_id, 500, 400 from asset_software cross join generate_series(0, 29) n;
    insert into scans (id, asset_id, host_id, cause, state, packages, findings, created_at, due_at, started_at, ended_at, deadline)
    select pg_temp.uid('scan' || asset_id || n), asset_id, reporter_host_id, 'schedule', case when n % 9 = 0 then 'failed' else 'done' end, 400, 500, at, at, at, at + interval '3 seconds', at + interval '10 minutes'
    from (select asset_id, reporter_host_id, n, now() - n * interval '1 day' - interval '1 day' * pg_temp.share(hashtext(asset_id::text), n) as at from sboms cross join generate_series(0, 29) n) planned;
    insert into scan_stamps (asset_id, stamp) select asset_id, 'stamp' from asset_software;
    insert into users (id, username, password_hash, role, state, created_at) select pg_temp.uid('user' || n), 'person-' || n, 'none', 'viewer', 'disabled', now() from generate_series(1, 50) n;
    insert into audit_log (at, actor_kind, actor_name, action, outcome, target, address)
    select now() - n * interval '2 minutes', 'user', 'person-' || n % 50, (array['session.create','findings.accept','scans.create','assets.label'])[1 + n % 4], case when n % 10 = 0 then 'refused' else 'succeeded' end,
      pg_temp.uid(n::text)::text, '192.0.2.' || n % 250 from generate_series(200000, 1, -1) n;
    insert into feed_versions (version, file, origin, advisories, size_bytes, sources, activated_at, active) values ('feed-1', 'none.sqlite', 'bundle', ${size.vulnerabilities}, 1, '[]', now(), false)`);
  await execute(`
    insert into telemetry_accounts (host_id, collector, since, until, produced, told, unwanted, lost, losses, received_at, began, lost_before)
    select host, 'activity', began_at, began_at + minute * 60000, minute * 900, minute * 900, 0, losing * (minute / 100), case losing when 0 then '[]'::jsonb
        else jsonb_build_array(jsonb_build_object('stage', 'kernel', 'cause', 'ring full', 'count', minute / 100)) end, now(),
      began_at + (minute - 1) * 60000, losing * ((minute - 1) / 100)
    from (select pg_temp.uid('asset' || n) as host, (n % 10 = 0)::int as losing, (extract(epoch from now()) * 1000)::bigint - 86400000 as began_at
      from generate_series(1, ${size.hosts}) n) told cross join generate_series(1, 1440) minute`);
};
