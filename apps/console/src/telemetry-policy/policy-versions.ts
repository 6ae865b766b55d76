import { policyLimits, TelemetryRules } from '@parapet/contract/telemetry';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';

/** The policy as it stands. Version 0: nobody has changed anything. */
export type StoredPolicy = {
  readonly version: number;
  readonly rules: TelemetryRules;
  readonly changed?: { readonly at: Date; readonly by: string };
};

export const readPolicy = async (db: Database): Promise<StoredPolicy> => {
  const row = await db
    .selectFrom('telemetry_policies')
    .selectAll()
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? { version: 0, rules: [] } : present(row);
};

export const readPolicyVersion = async (db: Database, version: number): Promise<StoredPolicy | undefined> => {
  const row = await db.selectFrom('telemetry_policies').selectAll().where('version', '=', version).executeTakeFirst();
  return row === undefined ? undefined : present(row);
};

export const listPolicyVersions = async (
  db: Database,
): Promise<readonly { readonly version: number; readonly rules: number; readonly at: Date; readonly by: string }[]> => {
  const rows = await db
    .selectFrom('telemetry_policies')
    .select(['version', 'created_at', 'created_by', sql<number>`jsonb_array_length(rules)`.as('rules')])
    .orderBy('version', 'desc')
    .limit(policyLimits.versions)
    .execute();
  return rows.map((row) => ({ version: row.version, rules: row.rules, at: row.created_at, by: row.created_by }));
};

/** The latest version, and those that held in a span of time (milliseconds), newest first. `until`: when the next one came. */
export const readPoliciesWithin = async (
  db: Database,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly (StoredPolicy & { readonly at: Date; readonly until: Date | null })[]> => {
  const { rows } = await sql<{
    version: number;
    rules: unknown;
    created_at: Date;
    created_by: string;
    until: Date | null;
  }>`
select policy.*, held.until from (
  select version, created_at, lead(created_at) over (order by version) as until from telemetry_policies
) held join telemetry_policies policy using (version)
where held.until is null or (held.created_at < ${new Date(to)} and held.until > ${new Date(from)})
order by version desc limit ${policyLimits.versions}`.execute(db);
  return rows.map((row) => ({ ...present(row), at: row.created_at, until: row.until }));
};

/** Saves a version after the one that it is based on, and lets the oldest go; false when there is another one by now. */
export const savePolicy = (
  db: Database,
  next: { readonly basedOn: number; readonly rules: TelemetryRules; readonly at: Date; readonly by: string },
): Promise<boolean> =>
  db.transaction().execute(async (trx) => {
    const version = next.basedOn + 1;
    // Of two that are based on the same version the key lets one in.
    const { numAffectedRows } = await sql`
      insert into telemetry_policies (version, rules, created_at, created_by)
      select ${version}::int, ${JSON.stringify(next.rules)}::jsonb, ${next.at}::timestamptz, ${next.by}
      where (select coalesce(max(version), 0) from telemetry_policies) = ${next.basedOn}
      on conflict do nothing`.execute(trx);
    await sql`delete from telemetry_policies where version <= ${version - policyLimits.versions}`.execute(trx);
    return numAffectedRows === 1n;
  });

/** Rules that this version cannot read count as none: too much is recorded then, never too little. */
const present = (row: {
  readonly version: number;
  readonly rules: unknown;
  readonly created_at: Date;
  readonly created_by: string;
}): StoredPolicy => {
  const rules = TelemetryRules.safeParse(row.rules);
  return {
    version: row.version,
    rules: rules.success ? rules.data : [],
    changed: { at: row.created_at, by: row.created_by },
  };
};
