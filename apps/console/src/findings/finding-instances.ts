import type { FindingInstance, RiskFactor, Scope } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { ContextFactors } from '../database/tables/findings.ts';
import { inScope } from '../people/scope.ts';
import { riskOf } from '../risk/formula.ts';

/** More are alike; the count beside the list is exact. */
const instanceLimit = 100;

type Row = {
  readonly id: string;
  readonly kind: FindingInstance['kind'];
  readonly name: string;
  readonly hostname: string | null;
  readonly status: FindingInstance['status'];
  readonly factors: ContextFactors;
};

/** The instances of a finding that the scope shows, the highest risk first, each with its own reasons. */
export const readFindingInstances = async (
  db: Database,
  finding: {
    readonly assetId: string;
    readonly packageId: number | null;
    readonly purl: string;
    readonly likelihood: RiskFactor;
  },
  scope: Scope,
): Promise<FindingInstance[]> => {
  const { rows } = await sql<Row>`
    select a.id, a.kind, a.name, a.status, host.name as hostname, context.factors
    from risk_contexts as own
    join assets as a on a.id = own.instance_id
    left join assets as host on host.id = a.host_id
    left join asset_software as software on software.asset_id = a.id and a.kind = 'container'
    cross join lateral (
      select c.factors, c.exposure * c.use_value * c.impact as product from risk_contexts as c
      where c.asset_id = own.asset_id and c.instance_id = own.instance_id and c.package_id in (${finding.packageId ?? 0}, 0)
      order by c.package_id desc limit 1
    ) as context
    where own.asset_id = ${finding.assetId} and own.package_id = 0
      and not ${finding.purl} = any(coalesce(software.removed_purls, '{}')) and ${inScope(scope, sql.ref('a.id'))}
    order by context.product desc, a.id limit ${instanceLimit}`.execute(db);
  return rows.map((row) => ({
    assetId: row.id,
    kind: row.kind,
    name: row.name,
    hostname: row.hostname ?? undefined,
    status: row.status,
    risk: riskOf({ likelihood: finding.likelihood, ...row.factors }),
  }));
};
