import { sql } from 'kysely';
import type { Database } from '../../apps/console/src/database/database.ts';
import { type RouteName, routes, type Scope } from '../../packages/contract/src/api/index.ts';
import { idOf, type StoreSize } from './fill.ts';

/** One way to ask a route. */
export type ApiCase = {
  readonly route: RouteName;
  /** The route, and what is asked when there are several ways. */
  readonly name: string;
  readonly url: string;
  readonly scoped: boolean;
};

/** The label selector of the scoped caller: one host in twelve and what belongs to it. */
export const benchScope: Scope = { team: ['c'] };

/**
 * Streams without an end, answers of any length (their time says nothing of a page), the one route that wants a browser's
 * session, and hunts, whose events this store has none of.
 */
const leftOut: ReadonlySet<RouteName> = new Set([
  ...(['live.stream', 'findings.export', 'assets.sbom', 'session.get'] as const),
  ...(['hunt.events', 'hunt.histogram', 'hunt.values', 'hunt.fields'] as const),
]);

/** Every GET route of the table that answers a page, each in the ways people ask it. Throws for one that no way is named for. */
export const casesOf = async (db: Database, size: StoreSize): Promise<readonly ApiCase[]> => {
  const ways = await waysOf(db, size);
  const names = Object.entries(routes)
    .filter(([name, route]) => route.method === 'GET' && !leftOut.has(name as RouteName))
    .map(([name]) => name as RouteName);
  return names.flatMap((route) => {
    const { path } = routes[route];
    const asked = ways[route] ?? (path.includes(':') ? undefined : { '': {} });
    if (asked === undefined) throw new Error(`No way to ask ${route} is named.`);
    return Object.entries(asked).flatMap(([way, parameters]) => {
      const query = new URLSearchParams();
      let filled: string = path;
      for (const [name, value] of Object.entries(parameters)) {
        if (filled.includes(`:${name}`)) filled = filled.replace(`:${name}`, value);
        else query.set(name, value);
      }
      const url = query.size === 0 ? filled : `${filled}?${query}`;
      const name = way === '' ? route : `${route} ${way}`;
      const access = routes[route].access;
      const scopes = access.kind === 'permission' && access.scoped ? [false, true] : [false];
      return scopes.map((scoped) => ({ route, name: scoped ? `${name} (scoped)` : name, url, scoped }));
    });
  });
};

type Ways = Partial<Record<RouteName, Readonly<Record<string, Readonly<Record<string, string>>>>>>;

const waysOf = async (db: Database, size: StoreSize): Promise<Ways> => {
  const [host, image, container] = [idOf('asset', 26), idOf('asset', size.hosts + 26), idOf('container', 25)];
  const finding = await one(
    db,
    sql`select id::text as value from findings where asset_id = ${image}::uuid and status = 'open' order by risk desc limit 1`,
  );
  const vulnerability = await one(db, sql`select key as value from vulnerabilities where id = 4321`);
  const product = await one(db, sql`select name as value from products where id = 1207`);
  const fix = await one(db, sql`select key as value from fixes where id = 1207`);
  const past = new Date(Date.now() - 5 * 86_400_000).toISOString();
  const now = new Date().toISOString();
  const open = { status: 'open' };
  const narrow = { ...open, severity: 'high,medium', exposure: 'none-seen', use: 'installed' };
  const searches = {
    'one letter': 'p',
    'two letters': 'xm',
    'three letters': 'lib',
    'common word': 'overflow',
    'two common words': 'parser overflow',
    'rare word': product,
    'a CVE': vulnerability,
    'an asset': 'node-00026',
    nothing: 'zzzzqq',
  };
  const searched = Object.fromEntries(Object.entries(searches).map(([way, q]) => [`search ${way}`, { ...open, q }]));
  const filters = {
    open,
    '': {},
    narrow,
    kev: { ...open, exploited: 'kev' },
    'risk from 33': { ...open, minRisk: '33' },
    'of an image': { assetId: image, ...open },
    'within a host': { within: host, ...open },
    'of a vulnerability': { vulnerability },
    'of a package': { package: product, ...open },
    'of a fix': { fix, ...open },
    ...searched,
  };
  const packages = {
    exact: { q: product, match: 'exact' },
    prefix: { q: 'lib', match: 'prefix' },
    contains: { q: 'parser' },
    'two letters': { q: 'xm' },
    'a version': { q: product, version: '1.3' },
    bounds: { q: 'parser', version: '>=1.2 <1.7' },
    nothing: { q: 'zzzzqq' },
  };
  const by = (name: string) =>
    Object.fromEntries(Object.entries(filters).map(([way, query]) => [`by ${name} ${way}`, { ...query, by: name }]));
  return {
    'findings.list': {
      ...filters,
      'by cvss': { ...open, sort: 'cvss' },
      newest: { ...open, sort: 'newest' },
      'newest search common word': { ...open, q: 'overflow', sort: 'newest' },
      '500 rows': { ...open, limit: '500' },
    },
    'findings.facets': filters,
    'findings.groups': { ...by('fix'), ...by('vulnerability'), ...by('asset'), ...by('package') },
    'findings.get': { '': { findingId: finding } },
    'assets.list': {
      '': {},
      'by name': { sort: 'name' },
      newest: { sort: 'newest' },
      images: { kind: 'image' },
      search: { q: 'service-77' },
      'search one letter': { q: 's' },
      'on a host': { hostId: host },
      past: { at: past },
    },
    'assets.facets': { '': {}, search: { q: 'service' } },
    'assets.get': { host: { assetId: host }, image: { assetId: image }, container: { assetId: container } },
    'assets.processes': {
      host: { assetId: host },
      container: { assetId: container },
      past: { assetId: host, at: past },
    },
    'assets.edges': { host: { assetId: host }, image: { assetId: image }, past: { assetId: host, at: past } },
    'assets.packages': {
      host: { assetId: host },
      container: { assetId: container },
      search: { assetId: host, q: 'parser' },
    },
    'assets.packageLists': { host: { assetId: host } },
    'packages.versions': packages,
    'packages.places': packages,
    'assets.timeline': { host: { assetId: host }, image: { assetId: image }, container: { assetId: container } },
    'search.all': Object.fromEntries(Object.entries(searches).map(([way, q]) => [way, { q }])),
    'map.view': {
      '': {},
      zone: { open: 'zone:zone-3' },
      host: { open: `host:${host}` },
      past: { at: past },
      neighbourhood: { focus: `container:${container}`, hops: '2' },
    },
    'map.edge': { '': { source: 'internet', target: 'zone:zone-3' } },
    'map.path': { '': { assetId: container } },
    'map.changes': { '': { from: past, to: now } },
    'scans.list': { '': {}, failed: { state: 'failed' }, 'of an asset': { assetId: image } },
    'sensors.list': { '': {}, search: { q: 'node-0002' } },
    'sensors.get': { '': { hostId: host } },
    'audit.list': {
      '': {},
      refused: { outcome: 'refused' },
      search: { q: 'findings' },
      'search nothing': { q: 'zzzzqq' },
      since: { since: past },
    },
    'overview.get': { '': {}, 'since long': { since: new Date(Date.now() - 30 * 86_400_000).toISOString() } },
  };
};

const one = async (db: Database, query: ReturnType<typeof sql>): Promise<string> => {
  const { rows } = await query.execute(db);
  return String((rows[0] as { value?: unknown } | undefined)?.value ?? '');
};
