/** FAKE packages over the whole fleet. */
import type { PackagePlace, PackageVersion } from '@parapet/contract/api';
import { type FakeHandlers, page } from './fake-answers.ts';
import { fakePackages } from './fake-details.ts';
import { ago, day, hour, idOf } from './fake-seed.ts';
import type { FakeWorld } from './fake-world.ts';

export const packageAnswers = (world: FakeWorld): FakeHandlers => {
  const all = [...world.hosts, ...world.images].flatMap((asset) =>
    fakePackages(asset, world.findings).map((item): PackagePlace => {
      const containers = world.containers.filter(({ imageId }) => imageId === asset.id);
      return {
        ...item,
        id: `${asset.id}/${item.purl}`,
        asset: { id: asset.id, kind: asset.kind, name: asset.name },
        ...(asset.kind === 'image'
          ? {
              containers: {
                count: containers.length,
                some: containers.slice(0, 5).map(({ id, name }) => ({ id, name })),
              },
            }
          : {}),
      };
    }),
  );
  type Question = { q: string; match: string; type?: string[] | undefined; version?: string | undefined };
  const meant = ({ q, match, type, version }: Question) =>
    all.filter(
      (item) =>
        (match === 'exact' ? item.name === q : match === 'prefix' ? item.name.startsWith(q) : item.name.includes(q)) &&
        (type === undefined || type.includes(item.type)) &&
        (version === undefined || item.version === version),
    );
  const former = [1, 3, 8].map((days) => ({ id: idOf('list', days), packages: 210 - days, at: ago(days * day) }));
  return {
    'assets.packageLists': () => ({
      items: [
        { id: idOf('list'), packages: 212, at: ago(5 * hour) },
        ...former.map((list) => ({ ...list, replacedAt: list.at })),
      ],
    }),
    'assets.packageChanges': () => ({
      came: [{ type: 'deb', name: 'jq', location: '/var/lib/dpkg/status', from: [], to: ['1.6-2.1'] }],
      went: [{ type: 'npm', name: 'left-pad', location: '/srv/shop/package-lock.json', from: ['1.3.0'], to: [] }],
      changed: world.findings.slice(0, 6).map((finding) => ({
        type: finding.package.type,
        name: finding.package.name,
        location: '/var/lib/dpkg/status',
        from: [finding.package.version],
        to: [finding.fixedVersion ?? `${finding.package.version}+1`],
      })),
      untold: 0,
      opened: { total: 0, items: [] },
      closed: {
        total: 260,
        items: world.findings.slice(0, 8).map((finding) => ({
          id: finding.id,
          vulnerability: finding.vulnerability,
          package: finding.package.name,
          risk: finding.risk,
        })),
      },
    }),
    'packages.versions': ({ query }) => {
      const counts = new Map<string, PackageVersion>();
      for (const { type, name, version } of meant(query)) {
        const key = `${type}/${name}/${version}`;
        counts.set(key, { type, name, version, assets: (counts.get(key)?.assets ?? 0) + 1 });
      }
      return { items: [...counts.values()], moreNames: query.q.length < 3, moreVersions: false, notCompared: 0 };
    },
    'packages.places': ({ query }) =>
      page(
        meant(query).toSorted((a, b) => (b.risk ?? -1) - (a.risk ?? -1)),
        query,
      ),
  };
};
