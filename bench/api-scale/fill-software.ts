import type { Execute, StoreSize } from './store-size.ts';

/** SQL for the number of the product in a slot of an asset: all slots of an asset differ. 7 and the number of products share no factor. */
export const productOf = (size: StoreSize): string => `(1 + (a * 37 + slot * 7) % ${size.products})`;
/** Binary packages of one source have its vulnerabilities. */
export const sourcesOf = (size: StoreSize): number => size.products / 3;

const words =
  'curl,zlib,expat,krb,nghttp,pcre,tiff,webp,xml,yaml,json,proto,grpc,crypt,gnutls,perl,ruby,numpy,pillow,django';
const stems =
  'core,parser,codec,stream,client,server,net,image,font,audio,kernel,shell,mail,auth,cache,log,math,graph,time,text';

/** The catalogue with names as people search them, and the packages of hosts and images. */
export const fillSoftware = async (execute: Execute, size: StoreSize): Promise<void> => {
  const sources = sourcesOf(size);
  await execute(`
    insert into products (id, type, name) overriding system value
    select p, 'deb', case p / ${sources} when 0 then '' when 1 then 'lib' else 'python3-' end ||
      (string_to_array('${words}', ','))[1 + s % 20] || '-' || (string_to_array('${stems}', ','))[1 + (s / 20) % 20] || case when s >= 400 then (s / 400)::text else '' end ||
      case when p / ${sources} = 1 then '-dev' else '' end
    from (select p, p % ${sources} as s from generate_series(1, ${size.products} - 1) p union all select ${size.products}, 0) named
    on conflict do nothing;
    insert into products (id, type, name) overriding system value select p, 'deb', 'extra-' || p from generate_series(1, ${size.products}) p
    where not exists (select 1 from products where id = p);
    insert into vulnerabilities (id, key, summary, aliases, published_severity, cvss, epss, kev, exploit, likelihood, likelihood_factor, feed_version, search)
      overriding system value
    select v, key, summary, '{}', (array['Low','Medium','High','Critical'])[1 + v % 4], 2 + (v % 80) / 10.0, power(pg_temp.share(v, 1), 6), v % 150 = 0, v % 23 = 0,
      0.02 + 0.9 * power(pg_temp.share(v, 2), 3), '{"value":0.5,"known":true,"reason":"made up","evidence":[]}', 'feed-1', lower(key || ' ' || summary)
    from (
      select v, 'CVE-' || 2018 + v % 9 || '-' || 10000 + v as key,
        'A ' || (array['heap buffer overflow','use after free','integer overflow','path traversal','race condition','double free','missing check'])[1 + v % 7] || ' in ' ||
        (select name from products where id = 1 + v % ${sources}) || ' lets remote attackers ' || (array['execute code','read memory','cause a denial of service','bypass authentication'])[1 + v % 4] || ' by a crafted request' as summary
      from generate_series(1, ${size.vulnerabilities}) v
    ) named;
    insert into fixes (id, key, title, command, fixed_version) overriding system value
    select p, 'deb/' || name || '@2.0', 'Upgrade ' || name || ' to 2.0', 'apt-get install --only-upgrade ' || name, '2.0' from products p0(p, type, name)
    union all select ${size.products} + p, 'deb/' || name || '@none', 'No fix for ' || name, null, null from products p0(p, type, name);
    select setval(pg_get_serial_sequence(t, 'id'), 1000000) from unnest(array['products','vulnerabilities','fixes']) t`);
  await execute(`
    insert into sboms (id, asset_id, reporter_host_id, content_hash, status, distribution, package_count, document, made_at, received_at, current)
    select pg_temp.uid('sbom' || id), id, coalesce((select host_id from image_locations l where l.image_id = assets.id limit 1), id), md5(id::text), 'succeeded',
      '{"id":"debian","versionId":"12","name":"Debian GNU/Linux 12"}', ${size.packagesEach}, '\\x00', now(), now(), true from assets where kind <> 'container';
    insert into asset_software (asset_id, sbom_id, distribution, package_count, trust, instances, matched_feed, matched_at)
    select id, pg_temp.uid('sbom' || id), '{"id":"debian","versionId":"12","name":"Debian GNU/Linux 12"}', ${size.packagesEach}, case kind when 'host' then 'own' else 'agreed' end,
      case kind when 'image' then (select count(*) from assets c where c.image_id = assets.id) else 1 end, 'feed-1', now() from assets where kind <> 'container';
    insert into asset_packages (id, asset_id, purl, package_key, type, name, version, architecture, source_name, source_version, licences, location, files, use_kind)
      overriding system value
    select (a - 1) * ${size.packagesEach} + slot + 1, pg_temp.uid('asset' || a), 'pkg:deb/debian/' || product.name || '@1.' || (a + slot) % 9 || '?arch=amd64', 'pkg:deb/debian/' || product.name || '?arch=amd64',
      'deb', product.name, '1.' || (a + slot) % 9, 'amd64', 'source-' || product.id % ${sources}, '1.0', '{GPL-2.0}', 'var/lib/dpkg/status', array['usr/lib/' || product.name || '.so'],
      case when pg_temp.share(a * 1000 + slot, 7) < 0.03 then 'running' when pg_temp.share(a * 1000 + slot, 7) < 0.1 then 'loaded' when pg_temp.share(a * 1000 + slot, 7) < 0.9 then 'installed' else 'unknown' end
    from generate_series(1, ${size.hosts + size.images}::bigint) a cross join generate_series(0, ${size.packagesEach} - 1) slot
    join products product on product.id = ${productOf(size)};
    insert into package_names (type, name) select distinct type, name from asset_packages on conflict do nothing;
    select setval(pg_get_serial_sequence('asset_packages', 'id'), 10000000)`);
};
