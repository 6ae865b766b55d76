import { randomUUID } from 'node:crypto';
import type { Package, Sbom } from '@parapet/contract/sbom';
import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import type { SoftwareTrust } from '../database/tables/findings.ts';
import { replacePackages } from './asset-packages.ts';
import { chooseSbom } from './current-sbom.ts';
import type { NewSbom } from './new-sbom.ts';
import { keepFormerList } from './package-history.ts';
import { contentHashOf, decompressSbom } from './parse-sbom.ts';

/**
 * Stores an SBOM and makes the packages of its asset follow. Returns the assets whose packages may have changed: for an image
 * also its containers, because theirs are what differs from it. Belongs inside `writeFindings`.
 */
export const storeSbom = async (tx: DatabaseTransaction, input: NewSbom): Promise<readonly string[]> => {
  const asset = await tx
    .selectFrom('assets')
    .select(['id', 'kind', 'image_id'])
    .where('id', '=', input.assetId)
    .executeTakeFirstOrThrow();
  await keepFormerList(tx, input);
  await upsertSbom(tx, input);
  await tx.updateTable('assets').set({ scanned_at: input.at }).where('id', '=', asset.id).execute();
  if (asset.kind === 'container') return containerPackages(tx, asset.id, asset.image_id);
  if (asset.kind === 'host' || asset.kind === 'upload') {
    await makeCurrent(tx, asset.id, input.reporterHostId);
    await setSoftware(tx, asset.id, asset.kind === 'host' ? 'own' : 'uploaded', input.sbom.packages, []);
    return [asset.id];
  }
  return imagePackages(tx, asset.id, input);
};

const upsertSbom = async (tx: DatabaseTransaction, input: NewSbom): Promise<void> => {
  const { sbom } = input;
  await sql`
    insert into sboms (id, asset_id, reporter_host_id, reporter_name, content_hash, status, distribution, package_count, problems, document, scanner, made_at, received_at)
    values (${randomUUID()}, ${input.assetId}, ${input.reporterHostId}, ${input.reporterName ?? null}, ${contentHashOf(sbom)}, ${sbom.status},
      ${sbom.distribution === undefined ? null : JSON.stringify(sbom.distribution)}::jsonb, ${sbom.packages.length},
      ${JSON.stringify(sbom.problems)}::jsonb, ${input.document}, ${sbom.scanner ?? null}, ${sbom.createdAt}, ${input.at})
    on conflict (asset_id, reporter_host_id) do update set content_hash = excluded.content_hash, status = excluded.status,
      distribution = excluded.distribution, package_count = excluded.package_count, problems = excluded.problems,
      document = excluded.document, scanner = excluded.scanner, reporter_name = excluded.reporter_name, made_at = excluded.made_at, received_at = excluded.received_at`.execute(
    tx,
  );
};

const imagePackages = async (tx: DatabaseTransaction, imageId: string, input: NewSbom): Promise<readonly string[]> => {
  const reports = await tx
    .selectFrom('sboms')
    .select([
      'id',
      'content_hash as contentHash',
      'received_at as receivedAt',
      'current',
      'scanner',
      'reporter_host_id as reporter',
    ])
    .where('asset_id', '=', imageId)
    .execute();
  // A host reads what it has; whoever may upload says what they like. So the latter serves only until a host has spoken.
  const told = reports.filter((report) => report.reporter !== null);
  const chosen = chooseSbom(told.length > 0 ? told : reports);
  if (chosen === undefined) return [];
  const reporter = reports.find((report) => report.id === chosen.id)?.reporter ?? null;
  await makeCurrent(tx, imageId, reporter);
  const sbom = reporter === input.reporterHostId ? input.sbom : await readCurrentSbom(tx, imageId);
  if (sbom === undefined) return [];
  await setSoftware(tx, imageId, told.length > 0 ? chosen.trust : 'uploaded', sbom.packages, []);
  const containers = await tx
    .selectFrom('sboms')
    .innerJoin('assets', 'assets.id', 'sboms.asset_id')
    .select('assets.id')
    .where('assets.image_id', '=', imageId)
    .where('assets.status', '<>', 'gone')
    .execute();
  const changed = [imageId];
  for (const container of containers) changed.push(...(await containerPackages(tx, container.id, imageId)));
  return changed;
};

/** What a container has beyond its image, and what it no longer has. Waits for the image's SBOM. */
const containerPackages = async (
  tx: DatabaseTransaction,
  containerId: string,
  imageId: string | null,
): Promise<readonly string[]> => {
  const own = await readOnlySbom(tx, containerId);
  const image = imageId === null ? undefined : await readSoftware(tx, imageId);
  if (own === undefined || (imageId !== null && image === undefined)) return [];
  const inImage = new Set(
    imageId === null
      ? []
      : (await tx.selectFrom('asset_packages').select('purl').where('asset_id', '=', imageId).execute()).map(
          (row) => row.purl,
        ),
  );
  const inContainer = new Set(own.sbom.packages.map((item) => item.purl));
  await makeCurrent(tx, containerId, own.reporter);
  await setSoftware(
    tx,
    containerId,
    'own',
    own.sbom.packages.filter((item) => !inImage.has(item.purl)),
    [...inImage].filter((purl) => !inContainer.has(purl)),
  );
  // What the container lost or replaced, its image's findings do not concern any more: their instances change.
  return imageId === null ? [containerId] : [containerId, imageId];
};

const makeCurrent = async (tx: DatabaseTransaction, assetId: string, reporterHostId: string | null): Promise<void> => {
  await sql`update sboms set current = false where asset_id = ${assetId} and current and reporter_host_id is distinct from ${reporterHostId}::uuid`.execute(
    tx,
  );
  await sql`update sboms set current = true where asset_id = ${assetId} and reporter_host_id is not distinct from ${reporterHostId}::uuid and not current`.execute(
    tx,
  );
};

const setSoftware = async (
  tx: DatabaseTransaction,
  assetId: string,
  trust: SoftwareTrust,
  packages: readonly Package[],
  removed: readonly string[],
): Promise<void> => {
  await replacePackages(tx, assetId, packages);
  await sql`
    insert into asset_software (asset_id, sbom_id, distribution, package_count, removed_purls, trust)
    select asset_id, id, distribution, ${packages.length}, ${removed}::text[], ${trust} from sboms where asset_id = ${assetId} and current
    on conflict (asset_id) do update set sbom_id = excluded.sbom_id, distribution = excluded.distribution,
      package_count = excluded.package_count, removed_purls = excluded.removed_purls, trust = excluded.trust`.execute(
    tx,
  );
};

const readSoftware = (tx: DatabaseTransaction, assetId: string): Promise<{ asset_id: string } | undefined> =>
  tx.selectFrom('asset_software').select('asset_id').where('asset_id', '=', assetId).executeTakeFirst();

/** The document that an asset's packages are taken from. */
export const readCurrentSbom = async (tx: Database, assetId: string): Promise<Sbom | undefined> => {
  const row = await tx
    .selectFrom('sboms')
    .select('document')
    .where('asset_id', '=', assetId)
    .where('current', '=', true)
    .executeTakeFirst();
  return row === undefined ? undefined : decompressSbom(row.document);
};

const readOnlySbom = async (
  tx: DatabaseTransaction,
  assetId: string,
): Promise<{ readonly sbom: Sbom; readonly reporter: string | null } | undefined> => {
  const row = await tx
    .selectFrom('sboms')
    .select(['document', 'reporter_host_id'])
    .where('asset_id', '=', assetId)
    .executeTakeFirst();
  return row === undefined ? undefined : { sbom: await decompressSbom(row.document), reporter: row.reporter_host_id };
};
