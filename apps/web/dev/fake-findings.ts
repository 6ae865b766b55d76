/** FAKE findings and scans. */
import {
  type FindingGroup,
  type FindingSummary,
  type ParsedOf,
  type ResultOf,
  severityOfRisk,
} from '@parapet/contract/api';
import { exposures, type FakeHandlers, facet, found, page, uses } from './fake-answers.ts';
import { fakeRisk } from './fake-details.ts';
import { ago, day, idOf } from './fake-seed.ts';
import { fakeVexOf } from './fake-vex.ts';
import { bars, type FakeWorld } from './fake-world.ts';

export const findingAnswers = (world: FakeWorld): FakeHandlers => {
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
        (q.package === undefined ||
          [finding.package.name, `${finding.package.type}/${finding.package.name}`].includes(q.package)) &&
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
            values: (['open', 'accepted', 'ruled-out', 'closed'] as const).map((value) => ({
              value,
              label: (value.charAt(0).toUpperCase() + value.slice(1)).replace('-', ' '),
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
              ? `${row.package.type}/${row.package.name}`
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

type Filter = Omit<ParsedOf<'findings.list'>['query'], 'sort' | 'limit' | 'after'>;

const fixKey = (finding: FindingSummary): string =>
  `${finding.package.type}|${finding.package.name}|${finding.fixedVersion ?? 'none'}`;

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
    location: finding.package.location ?? '/var/lib/dpkg/status',
    ecosystem: finding.package.type === 'golang' ? 'Go' : 'Debian:12',
    notes:
      finding.package.type === 'golang'
        ? ['Affected in html/template: Template.Execute, Template.ExecuteTemplate']
        : [],
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
    ...(finding.status === 'ruled-out' ? { vex: fakeVexOf() } : {}),
    history: [
      { at: ago(2 * day), text: 'Risk rose from 61 to 97: it entered the list of exploited vulnerabilities.' },
      { at: finding.firstSeenAt, text: 'Found by a scan of the image.', by: 'edge-01' },
    ],
    elsewhere: { assets: 11, findings: 14 },
    feedVersion: '2026-11-21T06:00Z-9f2c11ab',
  };
};
