/** FAKE assets. */
import type { AssetSummary, ResultOf } from '@parapet/contract/api';
import { exposures, type FakeHandlers, facet, found, page } from './fake-answers.ts';
import { fakeEdges, fakePackages, fakeProcesses } from './fake-details.ts';
import { ago, day, hour, idOf, minute } from './fake-seed.ts';
import type { FakeWorld } from './fake-world.ts';

export const assetAnswers = (world: FakeWorld): FakeHandlers => {
  const all = [...world.hosts, ...world.containers, ...world.images, ...world.uploads];
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
    ...(asset.kind === 'image' || asset.kind === 'upload'
      ? {}
      : {
          hunt:
            asset.kind === 'host'
              ? `host.id = ${asset.id}`
              : `container.id = ${idOf('runtime', asset.id).replaceAll('-', '')}`,
        }),
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
        : asset.kind === 'upload'
          ? [
              { group: 'Uploaded scan', name: 'Target', value: `image ${asset.name}` },
              { group: 'Uploaded scan', name: 'By', value: 'token ci-shop' },
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
      : {
          scan: {
            state: 'done' as const,
            at: asset.scannedAt,
            reporter: asset.kind === 'upload' ? 'token ci-shop' : 'edge-01',
          },
        }),
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
          facet('kind', 'Kind', rows, (row) => row.kind, {
            host: 'Hosts',
            container: 'Containers',
            image: 'Images',
            upload: 'Uploaded scans',
          }),
          facet('status', 'Status', rows, (row) => row.status, {
            running: 'Running',
            stopped: 'Stopped',
            unknown: 'Silent',
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
