import { sql } from 'kysely';
import type { DatabaseTransaction } from '../database/database.ts';
import { refreshAssetRisk, riskInSql } from './asset-risk.ts';
import { exposureOf } from './exposure.ts';
import { formulaVersion } from './formula.ts';
import { contextOf } from './instance-context.ts';
import { type Instance, readInstances, type SoftwareAsset, widestExposure, worstOf } from './instances.ts';
import { writeContexts } from './write-contexts.ts';

/** An asset and what is observed of its instances, read once for all that follows from it. */
export type RiskView = { readonly asset: SoftwareAsset; readonly instances: readonly Instance[] };

/** Undefined for an asset that is not there. */
export const readRiskView = async (tx: DatabaseTransaction, assetId: string): Promise<RiskView | undefined> => {
  const asset = await tx
    .selectFrom('assets')
    .select(['id', 'kind', 'name'])
    .where('id', '=', assetId)
    .executeTakeFirst();
  if (asset === undefined) return undefined;
  // What was scanned elsewhere is as an image that nothing here is known to run from.
  const software = { ...asset, kind: asset.kind === 'upload' ? 'image' : asset.kind } as const;
  return { asset: software, instances: await readInstances(tx, software) };
};

/** Computes an asset's risk from what is observed now. Belongs inside `writeFindings`. */
export const recomputeRisk = async (tx: DatabaseTransaction, assetId: string): Promise<void> => {
  const view = await readRiskView(tx, assetId);
  if (view !== undefined) await applyRisk(tx, view);
};

/**
 * Stores what follows from a view: contexts of its instances, the use of its packages, the risk of its findings, and what its
 * workloads show. Only what differs is written.
 */
export const applyRisk = async (tx: DatabaseTransaction, { asset, instances }: RiskView): Promise<void> => {
  const packages = await readPackages(tx, asset.id);
  const withFindings = packages.filter((item) => item.has_findings);
  await writeContexts(tx, asset.id, instances, new Set(withFindings.map((item) => item.id)));
  await writeUses(tx, asset.id, packages, instances);
  await writeFindingRisks(tx, asset.id, withFindings, instances);
  await writeExposures(tx, asset, instances);
  await refreshAssetRisk(tx, [asset.id, ...instances.map((instance) => instance.workload.assetId)]);
};

type PackageRow = {
  readonly id: number;
  readonly purl: string;
  readonly use_kind: string;
  readonly has_findings: boolean;
};

const readPackages = async (tx: DatabaseTransaction, assetId: string): Promise<readonly PackageRow[]> =>
  (
    await sql<PackageRow>`
      select p.id, p.purl, p.use_kind, f.package_id is not null as has_findings
      from asset_packages as p left join (
        select distinct package_id from findings where asset_id = ${assetId} and status <> 'closed'
      ) as f on f.package_id = p.id
      where p.asset_id = ${assetId}`.execute(tx)
  ).rows;

const useRank = { running: 3, loaded: 2, unknown: 1, installed: 0 } as const;

/** How packages are used anywhere, for the list of packages. */
const writeUses = async (
  tx: DatabaseTransaction,
  assetId: string,
  packages: readonly PackageRow[],
  instances: readonly Instance[],
): Promise<void> => {
  const defaults = instances.map((instance) => contextOf(instance.workload).useKind);
  const changed = packages.flatMap((item) => {
    const kinds = instances.map((instance, index) => {
      const use = instance.uses.get(item.id);
      if (use === undefined) return defaults[index] ?? 'unknown';
      return use.running.length > 0 ? 'running' : 'loaded';
    });
    const kind = kinds.reduce((best, next) => (useRank[next] > useRank[best] ? next : best), 'installed');
    return kind === item.use_kind ? [] : [{ id: item.id, kind }];
  });
  if (changed.length === 0) return;
  await sql`
    update asset_packages as p set use_kind = new.kind
    from unnest(${changed.map((row) => row.id)}::bigint[], ${changed.map((row) => row.kind)}::text[]) as new (id, kind)
    where p.id = new.id and p.asset_id = ${assetId}`.execute(tx);
};

/** The columns of a finding that come from its worst instance; undefined when no instance has the package. */
export const contextColumns = (instances: readonly Instance[], assetId: string, packageId: number, purl: string) => {
  const worst = worstOf(instances, packageId, purl);
  if (worst === undefined) return undefined;
  const { context, instance } = worst;
  return {
    worst: instance.workload.assetId === assetId ? null : instance.workload.assetId,
    exposure: context.exposure.value,
    use_value: context.use.value,
    impact: context.impact.value,
    exposure_kind: context.exposureKind,
    use_kind: context.useKind,
  };
};

const writeFindingRisks = async (
  tx: DatabaseTransaction,
  assetId: string,
  packages: readonly PackageRow[],
  instances: readonly Instance[],
): Promise<void> => {
  const rows = packages.flatMap((item) => {
    const columns = contextColumns(instances, assetId, item.id, item.purl);
    return columns === undefined ? [] : [{ package_id: item.id, ...columns }];
  });
  if (rows.length === 0) return;
  await sql`
    update findings as f set exposure = c.exposure, use_value = c.use_value, impact = c.impact, exposure_kind = c.exposure_kind,
      use_kind = c.use_kind, worst_asset_id = c.worst, formula = ${formulaVersion},
      risk = ${riskInSql(sql`f.likelihood`, sql`c.exposure`, sql`c.use_value`, sql`c.impact`)}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as c (
      package_id bigint, worst uuid, exposure real, use_value real, impact real, exposure_kind text, use_kind text)
    where f.asset_id = ${assetId} and f.package_id = c.package_id and f.status <> 'closed'
      and (f.exposure, f.use_value, f.impact, f.exposure_kind, f.use_kind, f.worst_asset_id, f.formula)
        is distinct from (c.exposure, c.use_value, c.impact, c.exposure_kind, c.use_kind, c.worst, ${formulaVersion}::text)`.execute(
    tx,
  );
};

const writeExposures = async (
  tx: DatabaseTransaction,
  asset: SoftwareAsset,
  instances: readonly Instance[],
): Promise<void> => {
  const faced = instances.map((instance) => ({
    id: instance.workload.assetId,
    kind: exposureOf(instance.workload).kind,
  }));
  const all = [...faced.filter((row) => row.id !== asset.id), { id: asset.id, kind: widestExposure(instances) }];
  await sql`
    update assets as a set exposure = new.kind
    from unnest(${all.map((row) => row.id)}::uuid[], ${all.map((row) => row.kind)}::text[]) as new (id, kind)
    where a.id = new.id and a.exposure is distinct from new.kind`.execute(tx);
  if (asset.kind !== 'image') return;
  const running = instances.filter((instance) => instance.workload.assetId !== asset.id).length;
  await sql`update asset_software set instances = ${running} where asset_id = ${asset.id} and instances <> ${running}`.execute(
    tx,
  );
};
