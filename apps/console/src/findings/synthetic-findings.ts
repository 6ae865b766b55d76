import { sql } from 'kysely';
import type { Database } from '../database/database.ts';

export type SyntheticSize = {
  readonly hosts: number;
  readonly images: number;
  readonly vulnerabilities: number;
  /** Per host and image. */
  readonly findingsEach: number;
};

/**
 * Fills a database with made-up hosts, images, containers and findings, always the same for the same size. Every third
 * asset carries the label `team` = `a`, `b` or `c`. For tests and benchmarks of reading.
 */
export const insertSyntheticFindings = async (db: Database, size: SyntheticSize): Promise<void> => {
  await sql`
    insert into assets (id, kind, key, name, status, runtime_labels, first_seen_at, last_seen_at)
    select md5('asset' || n)::uuid, case when n <= ${size.hosts} then 'host' else 'image' end, 'key-' || n,
      case when n <= ${size.hosts} then 'host-' else 'registry/shop-' end || n, case when n <= ${size.hosts} then 'running' else 'present' end,
      jsonb_build_object('team', chr(97 + n % 3)), now(), now()
    from generate_series(1, ${size.hosts + size.images}::int) as n`.execute(db);
  await sql`
    insert into assets (id, kind, host_id, image_id, key, name, status, runtime_labels, first_seen_at, last_seen_at)
    select md5('container' || n)::uuid, 'container', md5('asset' || (1 + n % ${size.hosts}))::uuid, md5('asset' || (${size.hosts} + n))::uuid,
      'docker:' || n, 'web-' || n, 'running', jsonb_build_object('team', chr(97 + n % 3)), now(), now()
    from generate_series(1, ${size.images}::int) as n`.execute(db);
  await insertCatalogue(db, size);
  for (let from = 1; from <= size.hosts + size.images; from += 50) {
    await insertFindings(db, size, from, Math.min(from + 49, size.hosts + size.images));
  }
};

const productsOf = (size: SyntheticSize): number => Math.max(1, Math.round(size.vulnerabilities / 6));

const insertCatalogue = async (db: Database, size: SyntheticSize): Promise<void> => {
  const products = productsOf(size);
  await sql`
    insert into vulnerabilities (key, summary, aliases, published_severity, cvss, epss, kev, exploit, likelihood, likelihood_factor, feed_version, search)
    select 'CVE-2026-' || n, 'A flaw in parser ' || n, '{}', 'High', 4 + n % 6, (n % 97) / 100.0, n % 61 = 0, n % 17 = 0, 0.05 + (n % 90) / 100.0,
      '{"value":0.5,"known":true,"reason":"made up","evidence":[]}', 'feed-1', 'cve-2026-' || n || ' a flaw in parser ' || n
    from generate_series(1, ${size.vulnerabilities}::int) as n order by n`.execute(db);
  await sql`
    insert into products (type, name) select 'deb', 'lib' || md5('p' || n) from generate_series(1, ${products}::int) as n order by n`.execute(
    db,
  );
  await sql`
    insert into fixes (key, title, command, fixed_version)
    select 'fix-' || n, 'Upgrade package ' || n, 'apt-get install --only-upgrade package-' || n, case when n % 5 > 0 then '2.0' end
    from generate_series(1, ${products}::int) as n order by n`.execute(db);
};

const insertFindings = async (db: Database, size: SyntheticSize, from: number, to: number): Promise<void> => {
  const products = productsOf(size);
  await sql`
    insert into findings (id, asset_id, package_key, product_id, vulnerability_id, fix_id, status, purl, package_version, advisory_id,
      fixed_version, cvss, epss, kev, epss_high, exploit, likelihood, exposure, use_value, impact, risk, exposure_kind, use_kind,
      formula, feed_version, first_seen_at, closed_at)
    select md5(a || '-' || v)::uuid, md5('asset' || a)::uuid, 'pkg:deb/debian/p' || p, p, v, p,
      (array['open','open','open','open','accepted','closed'])[1 + (a * 7 + v) % 6], 'pkg:deb/debian/p' || p || '@1.0', '1.0', 'ADV-' || v,
      case when p % 5 > 0 then '2.0' end, 4 + v % 6, (v % 97) / 100.0, v % 61 = 0, (v % 97) > 50, v % 17 = 0,
      0.05 + (v % 90) / 100.0, 0.5, 0.5, 0.5, round(((a * 31 + v * 17) % 1000)::numeric / 10, 1),
      (array['internet','zones','own-network','none-seen','unknown'])[1 + (a + p) % 5],
      (array['running','loaded','installed','installed','unknown'])[1 + (a * 3 + p) % 5],
      'parapet-risk/1', 'feed-1', date_trunc('milliseconds', now()) - (v || ' minutes')::interval,
      case when (a * 7 + v) % 6 = 5 then date_trunc('milliseconds', now()) end
    from generate_series(${from}::int, ${to}::int) as a
    cross join lateral (
      select distinct 1 + (a * 13 + n * 7) % ${size.vulnerabilities}::int as v from generate_series(1, ${size.findingsEach}::int) as n
    ) as picked
    cross join lateral (select 1 + v % ${products}::int as p) as product`.execute(db);
};
