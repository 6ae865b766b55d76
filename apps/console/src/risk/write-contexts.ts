import { sql } from 'kysely';
import type { DatabaseTransaction } from '../database/database.ts';
import type { ContextFactors } from '../database/tables/findings.ts';
import { contextOf, type InstanceContext } from './instance-context.ts';
import type { Instance } from './instances.ts';

/** Replicas are alike: beyond these, an instance keeps its reasons but not the evidence. */
const evidenceInstances = 100;

/**
 * Stores the context of every instance, for the packages in use there that have findings and (package 0) for all others.
 * Rows that did not change are not written.
 */
export const writeContexts = async (
  tx: DatabaseTransaction,
  assetId: string,
  instances: readonly Instance[],
  withFindings: ReadonlySet<number>,
): Promise<void> => {
  const rows = instances.flatMap((instance, index) => {
    const packages = [...instance.uses.keys()].filter((id) => withFindings.has(id));
    return [0, ...packages].map((id) =>
      rowOf(instance, id, contextOf(instance.workload, instance.uses.get(id)), index < evidenceInstances),
    );
  });
  const json = JSON.stringify(rows);
  await sql`
    delete from risk_contexts as old where old.asset_id = ${assetId} and not exists (
      select 1 from jsonb_to_recordset(${json}::jsonb) as new (instance_id uuid, package_id bigint)
      where new.instance_id = old.instance_id and new.package_id = old.package_id
    )`.execute(tx);
  await sql`
    insert into risk_contexts as old (asset_id, instance_id, package_id, exposure, use_value, impact, exposure_kind, use_kind, factors)
    select ${assetId}, new.* from jsonb_to_recordset(${json}::jsonb) as new (
      instance_id uuid, package_id bigint, exposure real, use_value real, impact real, exposure_kind text, use_kind text, factors jsonb)
    on conflict (asset_id, instance_id, package_id) do update set exposure = excluded.exposure, use_value = excluded.use_value,
      impact = excluded.impact, exposure_kind = excluded.exposure_kind, use_kind = excluded.use_kind, factors = excluded.factors
    where old.factors is distinct from excluded.factors`.execute(tx);
};

const rowOf = (instance: Instance, packageId: number, context: InstanceContext, withEvidence: boolean) => ({
  instance_id: instance.workload.assetId,
  package_id: packageId,
  exposure: context.exposure.value,
  use_value: context.use.value,
  impact: context.impact.value,
  exposure_kind: context.exposureKind,
  use_kind: context.useKind,
  factors: withEvidence ? factorsOf(context) : withoutEvidence(factorsOf(context)),
});

const factorsOf = ({ exposure, use, impact }: InstanceContext): ContextFactors => ({ exposure, use, impact });

const withoutEvidence = ({ exposure, use, impact }: ContextFactors): ContextFactors => ({
  exposure: { ...exposure, evidence: [] },
  use: { ...use, evidence: [] },
  impact: { ...impact, evidence: [] },
});
