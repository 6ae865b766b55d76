/** FAKE answers for the routes of the contract. Shapes are the contract's; the content is invented. */
import {
  type AssetSummary,
  type Facet,
  type FindingGroup,
  type FindingSummary,
  type ParsedOf,
  type ResultOf,
  type RouteName,
  rolePermissions,
  severityOfRisk,
} from '@parapet/contract/api';
import { createFakeSettings } from './fake-settings.ts';
import {
  ago,
  bars,
  chance,
  day,
  type FakeWorld,
  fakeEdges,
  fakePackages,
  fakeProcesses,
  fakeRisk,
  hour,
  idOf,
  minute,
} from './fake-world.ts';

export class FakeRefusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export type FakeHandlers = { readonly [N in RouteName]?: (input: ParsedOf<N>) => ResultOf<N> | string };

export const createFakeHandlers = (world: FakeWorld, options: { setup: boolean }) => {
  const session = {
    user: {
      id: idOf('anna'),
      username: 'anna.keller',
      role: 'admin' as const,
      scope: null,
      state: 'active' as const,
      createdAt: ago(60 * day),
    },
    permissions: [...rolePermissions.admin],
    console: { version: '0.1.0', name: 'Parapet (fake data)' },
    expiresAt: new Date(Date.now() + day).toISOString(),
  };
  const table: FakeHandlers = {
    'setup.get': () => ({ needed: options.setup }),
    'links.inspect': ({ body }) => {
      if (body.secret.startsWith('old'))
        throw new FakeRefusal(410, 'link-expired', 'This link was used or is older than 24 hours.');
      return body.secret.startsWith('invite')
        ? { purpose: 'invitation', username: 'ben.ode', expiresAt: new Date(Date.now() + day).toISOString() }
        : { purpose: 'first-admin', expiresAt: new Date(Date.now() + day).toISOString() };
    },
    'links.use': () => session,
    'session.create': ({ body }) => {
      if (body.password === 'wrong')
        throw new FakeRefusal(
          401,
          'refused',
          'Name or password is wrong. After five failures the account is locked for 15 minutes.',
        );
      return session;
    },
    'session.get': () => session,
    'session.delete': () => undefined,
    'me.password': () => undefined,
    ...assetAnswers(world),
    ...findingAnswers(world),
    ...mapAnswers(world),
    ...createFakeSettings(world),
  };
  return (name: RouteName, input: unknown, cookie: string, setCookie: (cookie: string) => void): unknown => {
    if (name === 'session.create' || name === 'links.use') setCookie('fake=1; Path=/; HttpOnly');
    if (name === 'session.delete') setCookie('fake=; Path=/; Max-Age=0');
    const open = name === 'setup.get' || name.startsWith('links.') || name === 'session.create';
    if (!open && !cookie.includes('fake=1')) throw new FakeRefusal(401, 'signed-out', 'Sign in first.');
    const handler = table[name] as ((input: unknown) => unknown) | undefined;
    if (handler === undefined) throw new FakeRefusal(501, 'fake', `The fake console has no ${name}.`);
    return handler(input);
  };
};

const page = <T>(all: readonly T[], query: { after?: string | undefined; limit: number }) => {
  const start = Number(query.after ?? 0);
  const items = all.slice(start, start + query.limit);
  const end = start + items.length;
  return { items, ...(end < all.length ? { next: String(end) } : {}), total: all.length, totalIsMinimum: false };
};

const found = <T>(value: T | undefined, what: string): T => {
  if (value === undefined)
    throw new FakeRefusal(404, 'not-found', `There is no such ${what}. It may have been removed.`);
  return value;
};

const facet = <T>(
  name: string,
  label: string,
  rows: readonly T[],
  value: (row: T) => string,
  labels: Readonly<Record<string, string>> = {},
): Facet => {
  const counts = new Map<string, number>();
  for (const key of Object.keys(labels)) counts.set(key, 0);
  for (const row of rows) counts.set(value(row), (counts.get(value(row)) ?? 0) + 1);
  return { name, label, values: [...counts].map(([key, count]) => ({ value: key, label: labels[key] ?? key, count })) };
};

const exposures = {
  internet: 'Internet',
  zones: 'Other zones',
  'own-network': 'Own network',
  'none-seen': 'Nothing seen',
  unknown: 'Unknown',
};
const uses = { running: 'Runs now', loaded: 'Loaded now', installed: 'Installed only', unknown: 'Unknown' };

const assetAnswers = (world: FakeWorld): FakeHandlers => {
  const all = [...world.hosts, ...world.containers, ...world.images];
  const get = (id: string): AssetSummary =>
    found(
      all.find((asset) => asset.id === id),
      'asset',
    );
  const filtered = (query: {
    q?: string | undefined;
    kind?: string[] | undefined;
    status?: string[] | undefined;
    exposure?: string[] | undefined;
    hostId?: string | undefined;
    imageId?: string | undefined;
  }) =>
    all.filter(
      (asset) =>
        (query.q === undefined || asset.name.includes(query.q)) &&
        (query.kind === undefined || query.kind.includes(asset.kind)) &&
        (query.status === undefined || query.status.includes(asset.status)) &&
        (query.exposure === undefined || query.exposure.includes(asset.exposure)) &&
        (query.hostId === undefined || asset.hostId === query.hostId) &&
        (query.imageId === undefined || asset.imageId === query.imageId),
    );
  const detail = (asset: AssetSummary): ResultOf<'assets.get'> => ({
    ...asset,
    givenLabels: { team: asset.labels['team'] ?? 'shop' },
    facts: [
      ...(asset.kind === 'host'
        ? [
            { group: 'System', name: 'Operating system', value: 'Debian GNU/Linux 12 (bookworm)' },
            { group: 'System', name: 'Kernel', value: '6.1.0-13-amd64' },
            { group: 'System', name: 'CPU', value: '8 × Intel Xeon E-2388G' },
            { group: 'System', name: 'Memory', value: '31.2 GB' },
            { group: 'Network', name: 'Addresses', value: '10.8.4.21, fe80::42:acff:fe11:2' },
            { group: 'Cloud', name: 'Provider', value: 'AWS eu-central-1, m6i.2xlarge' },
          ]
        : [
            { group: asset.kind === 'image' ? 'Image' : 'Container', name: 'Command', value: 'nginx -g daemon off;' },
            { group: asset.kind === 'image' ? 'Image' : 'Container', name: 'User', value: 'root' },
            { group: 'Privileges', name: 'Privileged', value: 'no' },
            { group: 'Privileges', name: 'Mounts', value: '/etc/nginx/conf.d (read only)' },
            { group: 'Network', name: 'Published ports', value: '80 → 80/tcp, 443 → 443/tcp' },
          ]),
    ],
    packageCount: 212,
    distribution: 'Debian 12',
    containerCount: world.containers.filter(
      (container) => container.hostId === asset.id || container.imageId === asset.id,
    ).length,
    ...(asset.scannedAt === undefined
      ? {}
      : { scan: { state: 'done' as const, at: asset.scannedAt, reporter: 'edge-01' } }),
  });
  return {
    'assets.list': ({ query }) => {
      const rows = filtered(query);
      const sorted =
        query.sort === 'name'
          ? rows.toSorted((a, b) => a.name.localeCompare(b.name))
          : query.sort === 'newest'
            ? rows.toSorted((a, b) => b.firstSeenAt.localeCompare(a.firstSeenAt))
            : rows.toSorted((a, b) => (b.risk ?? -1) - (a.risk ?? -1));
      return page(sorted, query);
    },
    'assets.facets': ({ query }) => {
      const rows = filtered(query);
      return {
        facets: [
          facet('kind', 'Kind', rows, (row) => row.kind, { host: 'Hosts', container: 'Containers', image: 'Images' }),
          facet('status', 'Status', rows, (row) => row.status, {
            running: 'Running',
            stopped: 'Stopped',
            unknown: 'Unknown',
            present: 'Present',
          }),
          facet('exposure', 'Exposed to', rows, (row) => row.exposure, exposures),
        ],
      };
    },
    'assets.get': ({ params }) => detail(get(params.assetId)),
    'assets.label': ({ params, body }) => {
      const asset = get(params.assetId);
      asset.labels = { ...body.labels };
      return detail(asset);
    },
    'assets.processes': ({ params }) => ({ items: fakeProcesses(get(params.assetId)), cut: false }),
    'assets.edges': ({ params, query }) => ({
      items: fakeEdges(get(params.assetId)).filter((edge) => query.includeEnded || edge.endedAt === undefined),
      cut: false,
    }),
    'assets.packages': ({ params, query }) => {
      const rows = fakePackages(get(params.assetId), world.findings).filter(
        (row) =>
          (query.q === undefined || row.name.includes(query.q)) &&
          (query.use === undefined || query.use.includes(row.use)),
      );
      return page(rows, query);
    },
    'assets.sbom': () => '{"bomFormat":"CycloneDX","fake":true}',
    'assets.timeline': ({ params, query }) => {
      const asset = get(params.assetId);
      const texts = [
        ['edge-opened', 'Began to talk to 192.0.2.4 on port 443', 40 * minute],
        ['scanned', 'Scanned: 212 packages', 5 * hour],
        ['finding-opened', 'CVE-2026-31431 in libssl3 found', 5 * hour + 1000],
        ['process-started', 'bash started under sshd, as deploy', 8 * hour],
        ['listener-opened', 'nginx listens on 0.0.0.0:443', day],
        ['started', 'Started', day + 2000],
        ['blind', 'Not watched for 3 min: the sensor was restarted', 2 * day],
        ['first-seen', 'Seen for the first time', 9 * day],
      ] as const;
      return page(
        texts.map(([kind, text, back]) => ({ kind, text, at: ago(back), assetId: asset.id })),
        query,
      );
    },
    'search.all': ({ query }) => ({
      items: [
        ...all
          .filter((asset) => asset.name.includes(query.q))
          .map((asset) => ({
            kind: asset.kind,
            id: asset.id,
            title: asset.name,
            detail: asset.hostname ?? asset.zone ?? 'image',
            ...(asset.risk === undefined ? {} : { risk: asset.risk }),
          })),
        ...world.findings
          .filter((finding) => finding.vulnerability.toLowerCase().includes(query.q.toLowerCase()))
          .map((finding) => ({
            kind: 'finding' as const,
            id: finding.id,
            title: finding.title,
            detail: finding.asset.name,
            risk: finding.risk,
          })),
      ].slice(0, query.limit),
    }),
  };
};

type Filter = Omit<ParsedOf<'findings.list'>['query'], 'sort' | 'limit' | 'after'>;

const fixKey = (finding: FindingSummary): string =>
  `${finding.package.type}|${finding.package.name}|${finding.fixedVersion ?? 'none'}`;

const findingAnswers = (world: FakeWorld): FakeHandlers => {
  const undone = new Map<string, string[]>();
  const has = (list: readonly string[] | undefined, value: string) => list === undefined || list.includes(value);
  const filtered = (query: Filter, without?: keyof Filter) => {
    const q = { ...query, ...(without === undefined ? {} : { [without]: undefined }) };
    return world.findings.filter(
      (finding) =>
        has(q.status ?? ['open'], finding.status) &&
        has(q.severity, finding.severity) &&
        has(q.exposure, finding.exposure) &&
        has(q.use, finding.use) &&
        (q.q === undefined || finding.title.toLowerCase().includes(q.q.toLowerCase())) &&
        (q.exploited === undefined ||
          (q.exploited.includes('kev') && finding.kev) ||
          (q.exploited.includes('epss-high') && (finding.epss ?? 0) > 0.5)) &&
        (q.fixable === undefined || (finding.fixedVersion !== undefined) === q.fixable) &&
        (q.assetId === undefined || finding.asset.id === q.assetId) &&
        (q.within === undefined ||
          finding.asset.id === q.within ||
          world.containers.some(
            (c) => (c.id === q.within || c.hostId === q.within) && c.imageId === finding.asset.id,
          )) &&
        (q.vulnerability === undefined || finding.vulnerability === q.vulnerability) &&
        (q.package === undefined || finding.package.name === q.package) &&
        (q.fix === undefined || fixKey(finding) === q.fix) &&
        (q.minRisk === undefined || finding.risk >= q.minRisk),
    );
  };
  const get = (id: string) =>
    found(
      world.findings.find((finding) => finding.id === id),
      'finding',
    );
  return {
    'findings.list': ({ query }) => page(filtered(query), query),
    'findings.facets': ({ query }) => {
      const rows = filtered(query);
      return {
        total: rows.length,
        facets: [
          facet('severity', 'Risk', filtered(query, 'severity'), (row) => row.severity, {
            critical: 'Critical',
            high: 'High',
            medium: 'Medium',
            low: 'Low',
          }),
          facet('exposure', 'Exposed to', filtered(query, 'exposure'), (row) => row.exposure, exposures),
          facet('use', 'In use', filtered(query, 'use'), (row) => row.use, uses),
          {
            name: 'exploited',
            label: 'Exploited',
            values: [
              { value: 'kev', label: 'Exploited now (KEV)', count: rows.filter((row) => row.kev).length },
              {
                value: 'epss-high',
                label: 'EPSS over 50 %',
                count: rows.filter((row) => (row.epss ?? 0) > 0.5).length,
              },
            ],
          },
          {
            name: 'fixable',
            label: 'Fix',
            values: [
              { value: 'true', label: 'Has a fix', count: rows.filter((row) => row.fixedVersion !== undefined).length },
              {
                value: 'false',
                label: 'No fix yet',
                count: rows.filter((row) => row.fixedVersion === undefined).length,
              },
            ],
          },
          {
            name: 'status',
            label: 'Status',
            values: (['open', 'accepted', 'closed'] as const).map((value) => ({
              value,
              label: value.charAt(0).toUpperCase() + value.slice(1),
              count: filtered({ ...query, status: [value] }).length,
            })),
          },
        ],
      };
    },
    'findings.groups': ({ query }) => {
      const rows = filtered(query);
      const groups = groupBy(rows, (row) =>
        query.by === 'fix'
          ? fixKey(row)
          : query.by === 'asset'
            ? row.asset.id
            : query.by === 'package'
              ? row.package.name
              : row.vulnerability,
      );
      const all = [...groups]
        .map(([key, members]) => groupOf(key, members, query.by))
        .toSorted((a, b) => b.risk - a.risk);
      return { ...page(all, query), findings: rows.length, topFiveShare: 0.71 };
    },
    'findings.get': ({ params }) => findingDetail(world, get(params.findingId)),
    'findings.accept': ({ body }) => {
      const ids = body.ids ?? filtered(body.filter ?? {}).map((finding) => finding.id);
      for (const id of ids) Object.assign(get(id), { status: 'accepted', acceptedUntil: body.until });
      const undo = idOf('undo', ids.join());
      undone.set(undo, ids);
      return { changed: ids.length, undo };
    },
    'findings.reopen': ({ body }) => {
      const ids = body.undo === undefined ? (body.ids ?? []) : (undone.get(body.undo) ?? []);
      for (const id of ids) Object.assign(get(id), { status: 'open', acceptedUntil: undefined });
      return { changed: ids.length };
    },
    'findings.export': () => 'risk,vulnerability\n97,CVE-2026-31431\n',
    'scans.list': ({ query }) =>
      page(
        world.scans.filter(
          (scan) => has(query.state, scan.state) && (query.assetId === undefined || scan.asset.id === query.assetId),
        ),
        query,
      ),
    'scans.create': ({ body }) => ({
      scans: world.scans.slice(0, 1),
      skipped: body.assetIds.length > 1 ? [{ assetId: body.assetIds[0] ?? '', reason: 'Its host is silent.' }] : [],
    }),
    'scans.cancel': ({ params }) => {
      const scan = found(
        world.scans.find((item) => item.id === params.scanId),
        'scan',
      );
      scan.state = 'cancelled';
      return scan;
    },
  };
};

const groupBy = <T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return groups;
};

const groupOf = (key: string, members: readonly FindingSummary[], by: string): FindingGroup => {
  const first = members[0] as FindingSummary;
  const risk = Math.max(...members.map((member) => member.risk));
  const vulnerabilities = new Set(members.map((member) => member.vulnerability)).size;
  const kev = new Set(members.filter((member) => member.kev).map((member) => member.vulnerability)).size;
  const titles: Readonly<Record<string, string>> = {
    fix:
      first.fixedVersion === undefined
        ? `No fix yet for ${first.package.name}`
        : `Upgrade ${first.package.name} to ${first.fixedVersion}`,
    asset: first.asset.name,
    package: first.package.name,
    vulnerability: first.vulnerability,
  };
  return {
    key,
    title: titles[by] ?? key,
    detail: `${vulnerabilities} vulnerabilities${kev > 0 ? `, ${kev} exploited now` : ''}`,
    ...(by === 'fix' && first.fixedVersion !== undefined
      ? { command: `apt-get install --only-upgrade ${first.package.name}` }
      : {}),
    findings: members.length,
    assets: new Set(members.map((member) => member.asset.id)).size,
    vulnerabilities,
    kev,
    risk,
    bars: bars(risk, key),
    severity: severityOfRisk(risk),
    firstSeenAt: members.map((member) => member.firstSeenAt).toSorted()[0] ?? first.firstSeenAt,
  };
};

const findingDetail = (world: FakeWorld, finding: FindingSummary): ResultOf<'findings.get'> => {
  const running = world.containers.filter((container) => container.imageId === finding.asset.id);
  return {
    ...finding,
    summary: `A flaw in ${finding.package.name} lets a remote peer read memory of the process.`,
    details: `A malformed handshake makes ${finding.package.name} read beyond the end of a buffer.\n\nAn attacker who can open a connection needs no credentials. Versions before ${finding.fixedVersion ?? 'a fix'} are affected.`,
    aliases: [`GHSA-${finding.id.slice(0, 4)}-${finding.id.slice(9, 13)}-wxyz`, `DSA-55${finding.id.slice(0, 2)}-1`],
    references: [
      { type: 'ADVISORY', url: `https://security-tracker.debian.org/tracker/${finding.vulnerability}` },
      { type: 'FIX', url: 'https://example.org/commit/4f1c2d' },
    ],
    cvssVectors: [
      { version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N', score: finding.cvssScore ?? 7.5 },
    ],
    affectedRanges: [`before ${finding.fixedVersion ?? 'all'}`],
    published: ago(20 * day),
    purl: `pkg:${finding.package.type}/debian/${finding.package.name}@${finding.package.version}`,
    sourcePackage: finding.package.name,
    location: '/var/lib/dpkg/status',
    why: fakeRisk(finding),
    instanceList: running.slice(0, 14).map((container, index) => ({
      assetId: container.id,
      kind: container.kind,
      name: container.name,
      ...(container.hostname === undefined ? {} : { hostname: container.hostname }),
      status: container.status,
      risk: { ...fakeRisk(finding), value: Math.round(finding.risk * (1 - index * 0.05)) },
    })),
    ...(finding.fixedVersion === undefined
      ? {}
      : {
          fix: {
            title: `Upgrade ${finding.package.name} to ${finding.fixedVersion}`,
            commands: [
              'apt-get update',
              `apt-get install --only-upgrade ${finding.package.name}=${finding.fixedVersion}`,
            ],
            note:
              finding.asset.kind === 'image'
                ? 'The package is in the image: change its Dockerfile or base image, build it again and replace its containers.'
                : 'Restart what has the old library loaded: nginx (pid 4121).',
          },
        }),
    ...(finding.status === 'accepted'
      ? {
          acceptance: {
            reason: 'Behind the VPN until the release in December.',
            by: 'anna.keller',
            at: ago(day),
            until: finding.acceptedUntil ?? ago(-20 * day),
          },
        }
      : {}),
    history: [
      { at: ago(2 * day), text: 'Risk rose from 61 to 97: it entered the list of exploited vulnerabilities.' },
      { at: finding.firstSeenAt, text: 'Found by a scan of the image.', by: 'edge-01' },
    ],
    elsewhere: { assets: 11, findings: 14 },
    feedVersion: '2026-11-21T06:00Z-9f2c11ab',
  };
};

const mapAnswers = (world: FakeWorld): FakeHandlers => ({
  'map.path': ({ query }) => {
    const asset = [...world.containers, ...world.hosts, ...world.images].find((item) => item.id === query.assetId);
    if (asset === undefined || chance('path', asset.id) > 0.75) return { paths: [] };
    return {
      paths: [
        {
          steps: [
            { nodeId: 'internet', label: 'Internet' },
            {
              nodeId: `host:${world.hosts[0]?.id ?? ''}`,
              label: 'edge-01',
              protocol: 'tcp',
              port: 443,
              connections: 1_200_000,
              risk: 91,
            },
            {
              nodeId: 'container:webhook',
              label: 'webhook-2',
              protocol: 'tcp',
              port: 9000,
              connections: 8410,
              risk: 66,
            },
            {
              nodeId: `${asset.kind}:${asset.id}`,
              label: asset.name,
              protocol: 'tcp',
              port: 2375,
              connections: 212,
              ...(asset.risk === undefined ? {} : { risk: asset.risk }),
            },
          ],
        },
      ],
    };
  },
  'map.edge': () => ({
    items: Array.from({ length: 3 }, (_, index) => ({
      id: idOf('me', index),
      source: 'Internet',
      target: 'edge-01',
      targetProcess: 'nginx',
      protocol: 'tcp' as const,
      port: [443, 80, 22][index] ?? 443,
      publishedPort: 443,
      connections: 120_000 >> (index * 3),
      bytesSent: 4e8 >> index,
      bytesReceived: 9e8,
      firstSeenAt: ago(9 * day),
      lastSeenAt: ago(4000),
      addresses: ['203.0.113.9', '198.51.100.22'],
      addressCount: 4120 >> (index * 2),
    })),
    cut: false,
  }),
  'map.view': () => ({
    at: new Date().toISOString(),
    live: true,
    version: '1',
    trail: [{ id: '', label: 'Fleet' }],
    nodes: [],
    edges: [],
    behind: { nodes: 0, edges: 0 },
    silentHosts: 1,
  }),
  'map.changes': ({ query }) => ({ from: query.from, to: query.to, bucketMs: 900_000, buckets: [], blind: [] }),
});
