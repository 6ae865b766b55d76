import { productOf, sourcesOf } from './fill-software.ts';
import type { Execute, StoreSize } from './store-size.ts';

/** One row for each asset, package and vulnerability; then everything that writing them one by one would have kept. */
export const fillFindings = async (execute: Execute, size: StoreSize): Promise<void> => {
  const sources = sourcesOf(size);
  await execute(`
    insert into findings (id, asset_id, package_id, package_key, product_id, vulnerability_id, fix_id, status, purl, package_version, advisory_id,
      fixed_version, affected_ranges, cvss, epss, kev, epss_high, exploit, likelihood, exposure, use_value, impact, risk, exposure_kind, use_kind, worst_asset_id,
      formula, feed_version, first_seen_at, closed_at, close_reason)
    select pg_temp.uid(a || '-' || slot || '-' || v.id), asset, package.id, package.package_key, product, v.id, case when has_fix then product else ${size.products} + product end,
      case when closed then 'closed' when pg_temp.share(n + a * 1000, 9) < 0.02 then 'accepted' else 'open' end, package.purl, package.version, v.key, case when has_fix then '2.0' end, '{">=0 <2.0"}',
      v.cvss, v.epss, v.kev, v.epss > 0.5, v.exploit, v.likelihood, exposure, use_value, impact,
      round((100 * sqrt(v.likelihood * exposure * use_value * impact))::numeric, 1), exposure_kind, package.use_kind, null,
      'parapet-risk/1', 'feed-1', now() - interval '90 days' * pg_temp.share(n + a * 1000, 10), case when closed then now() - interval '60 days' * pg_temp.share(n + a * 1000, 11) end, case when closed then 'fixed' end
    from (
      select a, n, slot, pg_temp.uid('asset' || a) as asset, ${productOf(size)} as product, (a + n / ${size.packagesEach} * 7 + slot) % 20 as turn,
        (array[0.95,0.7,0.4,0.2,0.5])[1 + a % 5] as exposure, (array['internet','zones','own-network','none-seen','unknown'])[1 + a % 5] as exposure_kind,
        0.3 + (a % 7) / 10.0 as impact, pg_temp.share(n + a * 1000, 8) < 0.15 as closed
      from (select a, n, n % ${size.packagesEach} as slot from generate_series(1, ${size.hosts + size.images}::bigint) a cross join generate_series(0, ${size.findingsEach} - 1) n) numbered
    ) chosen
    join vulnerabilities v on v.id = 1 + (product % ${sources} + ${sources} * turn) % ${size.vulnerabilities}
    join asset_packages package on package.id = (a - 1) * ${size.packagesEach} + slot + 1
    cross join lateral (select v.id % 5 > 0 as has_fix, case package.use_kind when 'running' then 1.0 when 'loaded' then 0.8 when 'installed' then 0.1 else 0.5 end as use_value) derived`);
  await execute(`
    insert into finding_totals select cell, count(*), sum(risk) from findings group by cell;
    insert into finding_asset_counts select asset_id, cell, count(*), sum(risk), max(risk) from findings group by asset_id, cell;
    insert into finding_group_counts select 'fix', fix_id, cell, count(*), sum(risk), max(risk) from findings group by fix_id, cell;
    insert into finding_group_counts select 'vulnerability', vulnerability_id, cell, count(*), sum(risk), max(risk) from findings group by vulnerability_id, cell;
    insert into finding_group_counts select 'package', product_id, cell, count(*), sum(risk), max(risk) from findings group by product_id, cell;
    insert into finding_group_totals select grouping, group_id, cell & 3, sum(findings), coalesce(sum(findings) filter (where cell & 512 <> 0), 0), sum(risk_sum), max(risk_max)
      from finding_group_counts group by grouping, group_id, cell & 3;
    insert into finding_changes select asset_id, nextval('finding_change_numbers') from (select distinct asset_id from finding_asset_counts) counted;
    insert into finding_history (finding_id, at, text) select id, closed_at, 'Closed: fixed' from findings where closed_at is not null;
    update assets set risk = c.risk, findings_critical = c.critical, findings_high = c.high, findings_medium = c.medium, findings_low = c.low
    from (select asset_id, max(risk) as risk, count(*) filter (where risk >= 80) as critical, count(*) filter (where risk >= 50 and risk < 80) as high,
      count(*) filter (where risk >= 20 and risk < 50) as medium, count(*) filter (where risk < 20) as low from findings where status = 'open' group by asset_id) c
    where assets.id = c.asset_id or assets.image_id = c.asset_id`);
};
