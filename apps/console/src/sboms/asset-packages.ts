import type { Package } from '@parapet/contract/sbom';
import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import { packageKeyOf } from './parse-sbom.ts';

/** Rows of one statement; keeps a parameter far below PostgreSQL's limit of 1 GB. */
const batchSize = 1000;

/** Longer names and versions are not found over the whole fleet, see migration 0011. */
export const indexedBytes = 512;

/**
 * Makes an asset's packages the given ones. Rows that stay keep their id. New ones count as installed and no more, which most
 * turn out to be: `applyRisk`, in the same transaction, then writes few of them a second time.
 */
export const replacePackages = async (
  tx: DatabaseTransaction,
  assetId: string,
  packages: readonly Package[],
): Promise<void> => {
  const purls = packages.map((item) => item.purl);
  await sql`delete from asset_packages where asset_id = ${assetId} and purl <> all(${purls}::text[])`.execute(tx);
  for (let from = 0; from < packages.length; from += batchSize) {
    await insertPackages(tx, assetId, packages.slice(from, from + batchSize));
  }
};

const insertPackages = async (
  tx: DatabaseTransaction,
  assetId: string,
  packages: readonly Package[],
): Promise<void> => {
  const rows = packages.map((item) => ({
    purl: item.purl,
    package_key: packageKeyOf(item.purl),
    type: item.type,
    name: item.name,
    version: item.version,
    architecture: item.architecture ?? null,
    source_name: item.source?.name ?? null,
    source_version: item.source?.version ?? null,
    licences: item.licences,
    location: item.location,
    files: item.files,
    evidence: item.evidence ?? null,
    owner: item.owner ?? null,
    scope: item.scope ?? null,
  }));
  await sql`
    insert into asset_packages as old (asset_id, purl, package_key, type, name, version, architecture, source_name, source_version, licences, location, files, evidence, owner, scope, use_kind)
    select ${assetId}, purl, package_key, type, name, version, architecture, source_name, source_version,
      coalesce(licences, '{}'), location, coalesce(files, '{}'), evidence, owner, scope, 'installed'
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as new (purl text, package_key text, type text, name text, version text,
      architecture text, source_name text, source_version text, licences text[], location text, files text[], evidence text, owner text, scope text)
    on conflict (asset_id, purl) do update set licences = excluded.licences, location = excluded.location, files = excluded.files,
      source_name = excluded.source_name, source_version = excluded.source_version, evidence = excluded.evidence,
      owner = excluded.owner, scope = excluded.scope
    where (old.licences, old.location, old.files, old.source_name, old.source_version, old.evidence, old.owner, old.scope)
      is distinct from (excluded.licences, excluded.location, excluded.files, excluded.source_name, excluded.source_version,
        excluded.evidence, excluded.owner, excluded.scope)`.execute(tx);
  const names = [...new Map(packages.map((item) => [`${item.type}/${item.name}`, item])).values()];
  await sql`
    insert into package_names (type, name) select type, name
    from unnest(${names.map((item) => item.type)}::text[], ${names.map((item) => item.name)}::text[]) as new (type, name)
    where octet_length(name) <= ${indexedBytes} on conflict do nothing`.execute(tx);
};

export type StoredPackage = Package & { readonly id: number; readonly packageKey: string };

/** An asset's packages without their files, as matching wants them. */
export const readPackages = async (db: Database, assetId: string): Promise<readonly StoredPackage[]> => {
  const rows = await db
    .selectFrom('asset_packages')
    .select([
      'id',
      'purl',
      'package_key',
      'type',
      'name',
      'version',
      'architecture',
      'source_name',
      'source_version',
      'licences',
      'location',
      'evidence',
      'owner',
      'scope',
    ])
    .where('asset_id', '=', assetId)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    packageKey: row.package_key,
    purl: row.purl,
    type: row.type,
    name: row.name,
    version: row.version,
    architecture: row.architecture ?? undefined,
    source:
      row.source_name === null ? undefined : { name: row.source_name, version: row.source_version ?? row.version },
    licences: row.licences,
    location: row.location,
    files: [],
    evidence: row.evidence ?? undefined,
    owner: row.owner ?? undefined,
    scope: row.scope ?? undefined,
  }));
};

/** Forgets names that no asset has any more. Belongs inside `writeFindings`, as all that adds packages does. */
export const forgetUnusedNames = async (tx: DatabaseTransaction): Promise<number> => {
  const result = await sql`
    delete from package_names as n where not exists (
      select 1 from asset_packages as p where p.name = n.name and p.type = n.type
        and octet_length(p.name) <= 512 and octet_length(p.version) <= 512
    )`.execute(tx);
  return Number(result.numAffectedRows ?? 0n);
};
