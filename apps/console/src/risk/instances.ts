import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { type ExposureKind, exposureOf } from './exposure.ts';
import { contextOf, type InstanceContext } from './instance-context.ts';
import { interpretedTypes, interpretersOf } from './interpreters.ts';
import type { PackageUse, Workload } from './observation.ts';
import { observeWorkloads } from './observe-workloads.ts';
import { pathsInUse, usesOf } from './use.ts';

/** One place where an asset's packages can be used: the asset itself, or a container of an image. */
export type Instance = {
  readonly workload: Workload;
  readonly uses: ReadonlyMap<number, PackageUse>;
  /** Package URLs that this container no longer has, although its image has them. */
  readonly removed: ReadonlySet<string>;
};

export type SoftwareAsset = {
  readonly id: string;
  readonly kind: 'host' | 'container' | 'image';
  readonly name: string;
};

/** An image with more live containers is judged by this many of them, the oldest: replicas are alike. */
const instanceLimit = 1000;

/** The instances of an asset as observed now. An image that nothing runs from has one: the image at rest. */
export const readInstances = async (db: Database, asset: SoftwareAsset): Promise<readonly Instance[]> => {
  const removed = await instanceIds(db, asset);
  const workloads = await observeWorkloads(db, [...removed.keys()]);
  const owners = await readOwners(db, asset.id, [...workloads.values()]);
  const interpreted = await readInterpreted(db, asset.id, [...workloads.values()]);
  const instances = [...workloads.values()].map((workload) => ({
    workload,
    uses: usesOf(workload.processes, owners, interpreted),
    removed: new Set(removed.get(workload.assetId)),
  }));
  return instances.length > 0 ? instances : [{ workload: atRest(asset), uses: new Map(), removed: new Set() }];
};

/** The context of the instance with the highest product among those that have the package. */
export const worstOf = (
  instances: readonly Instance[],
  packageId: number,
  purl: string,
): { readonly instance: Instance; readonly context: InstanceContext } | undefined => {
  let worst: { instance: Instance; context: InstanceContext } | undefined;
  for (const instance of instances) {
    if (instance.removed.has(purl)) continue;
    const context = contextOf(instance.workload, instance.uses.get(packageId));
    if (worst === undefined || context.product > worst.context.product) worst = { instance, context };
  }
  return worst;
};

/** What an asset as a whole faces: the widest of its instances. */
export const widestExposure = (instances: readonly Instance[]): ExposureKind =>
  instances
    .map((instance) => exposureOf(instance.workload))
    .reduce((widest, next) => (next.factor.value > widest.factor.value ? next : widest)).kind;

const instanceIds = async (db: Database, asset: SoftwareAsset): Promise<ReadonlyMap<string, readonly string[]>> => {
  if (asset.kind !== 'image') return new Map([[asset.id, []]]);
  const { rows } = await sql<{ id: string; removed_purls: string[] | null }>`
    select a.id, software.removed_purls from assets as a left join asset_software as software on software.asset_id = a.id
    where a.image_id = ${asset.id} and a.kind = 'container' and a.status <> 'gone'
    order by a.status <> 'running', a.first_seen_at limit ${instanceLimit}`.execute(db);
  return new Map(rows.map((row) => [row.id, row.removed_purls ?? []]));
};

/** Which packages own the paths in use; asked of the database, because a host's packages own some ten thousand. */
const readOwners = async (
  db: Database,
  assetId: string,
  workloads: readonly Workload[],
): Promise<ReadonlyMap<string, readonly number[]>> => {
  const paths = new Set(workloads.flatMap((workload) => [...pathsInUse(workload.processes)]));
  const { rows } = await sql<{ path: string; id: number }>`
    select file as path, p.id from asset_packages as p cross join lateral unnest(p.files) as file
    where p.asset_id = ${assetId} and p.files && ${[...paths]}::text[] and file = any(${[...paths]}::text[])`.execute(
    db,
  );
  const owners = new Map<string, number[]>();
  for (const row of rows) owners.set(row.path, [...(owners.get(row.path) ?? []), row.id]);
  return owners;
};

/** Packages of the languages whose interpreters run, as far as they are really there. */
const readInterpreted = async (
  db: Database,
  assetId: string,
  workloads: readonly Workload[],
): Promise<ReadonlyMap<string, readonly number[]>> => {
  const processes = workloads.flatMap((workload) => workload.processes);
  const types = interpretedTypes.filter((type) => interpretersOf(type, processes).length > 0);
  if (types.length === 0) return new Map();
  const rows = await db
    .selectFrom('asset_packages')
    .select(['id', 'type'])
    .where('asset_id', '=', assetId)
    .where('type', 'in', types)
    .where('evidence', '=', 'installed')
    .where('owner', 'is', null)
    .execute();
  const byType = Map.groupBy(rows, (row) => row.type);
  return new Map([...byType].map(([type, found]) => [type, found.map((row) => row.id)]));
};

const atRest = (asset: SoftwareAsset): Workload => ({
  assetId: asset.id,
  kind: asset.kind,
  name: asset.name,
  hostId: asset.id,
  hostname: asset.name,
  status: 'present',
  processes: [],
  listeners: [],
  publishedPorts: [],
  inbound: [],
  blind: {},
});
