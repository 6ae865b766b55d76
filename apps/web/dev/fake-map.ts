import type { FakeHandlers } from './fake-answers.ts';
import { fakeMapChanges, fakeMapView } from './fake-map-view.ts';
import { ago, chance, day, idOf } from './fake-seed.ts';
import type { FakeWorld } from './fake-world.ts';

export const mapAnswers = (world: FakeWorld): FakeHandlers => ({
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
  'map.view': ({ query }) => fakeMapView(world, query),
  'map.changes': ({ query }) => fakeMapChanges(world, query),
});
