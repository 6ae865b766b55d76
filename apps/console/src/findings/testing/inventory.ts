import { randomUUID } from 'node:crypto';
import type { Distribution, Package, Sbom } from '@parapet/contract/sbom';
import type { ContainerRecord } from '@parapet/contract/wire';
import type { Database } from '../../database/database.ts';

const start = new Date('2026-11-01T00:00:00Z');

/** Inserts inventory as ingest would, with only what findings need. */
export const createInventory = (db: Database) => {
  const asset = async (
    kind: 'host' | 'container' | 'image',
    values: Partial<{
      id: string;
      host_id: string;
      image_id: string;
      key: string;
      name: string;
      status: 'running' | 'stopped' | 'present' | 'unknown' | 'gone';
      zone: string;
      labels: Record<string, string>;
      record: object;
    }>,
  ): Promise<string> => {
    const { labels = {}, record = {}, ...columns } = values;
    const id = values.id ?? randomUUID();
    await db
      .insertInto('assets')
      .values({
        key: `${kind}-${id}`,
        name: `${kind}-${id.slice(0, 8)}`,
        status: kind === 'image' ? 'present' : 'running',
        zone: kind === 'host' ? 'default' : null,
        ...columns,
        id,
        kind,
        runtime_labels: JSON.stringify(labels),
        people_labels: '{}',
        record: JSON.stringify(record),
        first_seen_at: start,
        last_seen_at: start,
      })
      .execute();
    return id;
  };

  return {
    host: async (name: string, labels: Record<string, string> = {}, zone = 'default'): Promise<string> => {
      const id = await asset('host', { name, labels, zone });
      await db
        .insertInto('sensors')
        .values({
          host_id: id,
          version: '0.1.0',
          presence: 'online',
          presence_since: start,
          last_seen_at: start,
          enrolled_at: start,
          enrolment: 'new',
          certificate_serial: randomUUID(),
        })
        .execute();
      return id;
    },
    image: async (name: string, hostIds: readonly string[] = []): Promise<string> => {
      const id = await asset('image', { name, key: `sha256:${randomUUID()}` });
      for (const hostId of hostIds) {
        await db
          .insertInto('image_locations')
          .values({ image_id: id, host_id: hostId, record: '{}', first_seen_at: start, last_seen_at: start })
          .execute();
      }
      return id;
    },
    container: (
      name: string,
      hostId: string,
      imageId: string | undefined,
      options: {
        labels?: Record<string, string>;
        privilege?: Partial<ContainerRecord['privilege']>;
        packageDatabases?: ContainerRecord['packageDatabases'];
      } = {},
    ): Promise<string> =>
      asset('container', {
        name,
        host_id: hostId,
        ...(imageId === undefined ? {} : { image_id: imageId }),
        key: `docker:${randomUUID()}`,
        labels: options.labels ?? {},
        record: {
          kind: 'container',
          packageDatabases: options.packageDatabases ?? [],
          privilege: {
            privileged: false,
            user: '1000',
            capabilitiesAdded: [],
            hostNetwork: false,
            hostPid: false,
            readOnlyRoot: false,
            hostMounts: [],
            runtimeSocket: false,
            ...options.privilege,
          },
        },
      }),
    process: async (
      hostId: string,
      containerId: string | undefined,
      executable: string,
      loadedFiles: readonly string[] = [],
      uid = 0,
    ): Promise<void> => {
      await db
        .insertInto('processes')
        .values({
          host_id: hostId,
          boot_id: 'boot',
          key: randomUUID(),
          container_id: containerId ?? null,
          pid: 100,
          name: executable.slice(executable.lastIndexOf('/') + 1),
          executable,
          arguments: '[]',
          uid,
          loaded_files: JSON.stringify(loadedFiles),
          started_at: start,
        })
        .execute();
    },
    /** An open edge from the Internet, or from another asset. */
    edge: async (source: 'internet' | string, targetId: string, executable: string, port: number): Promise<void> => {
      await db
        .insertInto('edges')
        .values({
          source_node: source === 'internet' ? 'internet' : `container:${source}`,
          target_node: `container:${targetId}`,
          target_process: executable,
          protocol: 'tcp',
          port,
          source_asset: source === 'internet' ? null : source,
          target_asset: targetId,
          first_seen_at: start,
          last_seen_at: start,
          address_count: source === 'internet' ? 12 : null,
        })
        .execute();
    },
  };
};
export type Inventory = ReturnType<typeof createInventory>;

export const aPackage = (name: string, version: string, files: readonly string[] = []): Package => ({
  purl: `pkg:deb/debian/${name}@${version}?arch=amd64`,
  type: 'dpkg',
  name,
  version,
  licences: ['MIT'],
  location: '/var/lib/dpkg/status',
  files: [...files],
});

const debian: Distribution = { id: 'debian', versionId: '12', name: 'Debian GNU/Linux 12' };

export const anSbom = (
  kind: 'host' | 'image' | 'container',
  packages: readonly Package[],
  distribution = debian,
): Buffer => {
  const sbom: Sbom = {
    format: 'parapet-sbom/1',
    status: 'succeeded',
    target: { kind, name: kind },
    createdAt: start.toISOString(),
    distribution,
    packages: [...packages],
    problems: [],
  };
  return Buffer.from(JSON.stringify(sbom));
};
