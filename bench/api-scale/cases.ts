import { type RouteName, routes, type Scope } from '../../packages/contract/src/api/index.ts';
import type { StoreSize } from './store-size.ts';

/** One way to ask a route. */
export type ApiCase = {
  readonly route: RouteName;
  /** The route, and what is asked when there are several ways. */
  readonly name: string;
  readonly url: string;
  readonly scoped: boolean;
  /** Waited for after each: the console keeps a live view of the map for 0.7 s, and what is measured is building it. */
  readonly restMs: number;
};

/** The label selector of the scoped caller: one host in twelve and what belongs to it. */
export const benchScope = { team: ['c'] } satisfies Scope;

/** Routes that are not asked, each with the reason. */
export const leftOut: Readonly<Partial<Record<RouteName, string>>> = {
  'live.stream': 'a stream without an end',
  'vex.download': 'a document as it was uploaded, and the filled store holds none',
  'forensics.evidence': 'an archive of any length; what it holds is asked of forensics.get and the hunts',
};

/** What the cases ask about. */
export type Subjects = {
  readonly size: StoreSize;
  readonly host: string;
  readonly image: string;
  readonly container: string;
  /** Key of a process in that container. */
  readonly process: string;
  readonly finding: string;
  readonly vulnerability: string;
  readonly product: string;
  readonly fix: string;
  /** A host whose packages were listed twice, and the id of the earlier list. */
  readonly listed: { readonly host: string; readonly earlier: string };
  /** A host of the scoped caller that told events in the last hour. */
  readonly eventful: string;
  /** A version of the telemetry policy. */
  readonly policyVersion: string;
};

/** Every GET route of the table that answers a page, each in the ways people ask it. Throws for one that no way is named for. */
export const casesOf = (subjects: Subjects): readonly ApiCase[] => {
  const ways = waysOf(subjects);
  const names = Object.entries(routes)
    .filter(([name, route]) => route.method === 'GET' && !(name in leftOut))
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
      return scopes.map((scoped) => ({
        route,
        name: scoped ? `${name} (scoped)` : name,
        url,
        scoped,
        restMs: route === 'map.view' ? 750 : 0,
      }));
    });
  });
};

type Ways = Partial<Record<RouteName, Readonly<Record<string, Readonly<Record<string, string>>>>>>;

const waysOf = (subjects: Subjects): Ways => {
  const { host, image, container, finding, vulnerability, product, fix, listed } = subjects;
  const past = new Date(Date.now() - 5 * 86_400_000).toISOString();
  const now = new Date().toISOString();
  const lastHour = { since: new Date(Date.now() - 3_600_000).toISOString(), until: now };
  const hunts = (span: { readonly since: string; readonly until: string }) => ({
    everything: span,
    'a name': { ...span, q: 'process.name = "nc"' },
    'a host': { ...span, q: `host.id = "${subjects.eventful}"` },
    'an expression': { ...span, q: 'process.command_line ~ "--round (1|2|3)7$"' },
  });
  const events = { telemetryDays: '7', telemetryBytes: String(20 * 1024 ** 3) };
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
    'findings.vex': { 'of an image': { assetId: image, ...open } },
    // An export has any length; that of one image says what a row of it costs.
    'findings.export': { 'of an image': { assetId: image, ...open } },
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
    'assets.packageLists': { host: { assetId: listed.host } },
    'assets.packageChanges': { host: { assetId: listed.host, from: listed.earlier } },
    'assets.sbom': { host: { assetId: listed.host }, spdx: { assetId: listed.host, format: 'spdx' } },
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
    'sensors.list': {
      '': {},
      urgent: { sort: 'presence' },
      'newest 500': { sort: 'enrolled', direction: 'down', limit: '500' },
      search: { q: 'node-0002' },
    },
    'sensors.get': { '': { hostId: host } },
    'hunt.events': hunts(lastHour),
    'hunt.histogram': hunts(lastHour),
    'hunt.values': Object.fromEntries(
      Object.entries(hunts(lastHour)).map(([way, query]) => [way, { ...query, field: 'process.name' }]),
    ),
    // An export has any length; that of one minute says what a row of it costs.
    'hunt.export': { 'of a minute': { since: new Date(Date.now() - 60_000).toISOString(), until: now } },
    'hunt.accounts': { '': { hostId: subjects.eventful, ...lastHour } },
    'forensics.get': {
      container: { containerId: container, ...lastHour },
      process: { hostId: host, process: subjects.process, ...lastHour },
      'process with events': { hostId: subjects.eventful, process: '1007:77', ...lastHour },
    },
    'telemetryPolicy.version': { '': { version: subjects.policyVersion } },
    'telemetryPolicy.ofHost': { '': { hostId: host } },
    'retention.preview': {
      '': { graphDays: '30', closedFindingsDays: '90', scansDays: '90', auditDays: '365', ...events },
      less: { graphDays: '7', closedFindingsDays: '30', scansDays: '30', auditDays: '90', ...events },
    },
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
