import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { DatabaseTransaction } from '../database/database.ts';
import type { NewSbom } from './new-sbom.ts';
import { compressSbom, contentHashOf, decompressSbom } from './parse-sbom.ts';

/** Former lists kept of one asset. An image has none: its content never changes. */
export const keptLists = 5;

/**
 * Keeps the list that an SBOM is about to replace, when they differ: of the same asset by the same reporter. The files of its
 * packages are left out, which are most of it. Belongs before the new one is stored, in the same transaction.
 */
export const keepFormerList = async (tx: DatabaseTransaction, input: NewSbom): Promise<void> => {
  const former = await tx
    .selectFrom('sboms')
    .select(['document', 'content_hash', 'package_count', 'received_at'])
    .where('asset_id', '=', input.assetId)
    .where('reporter_host_id', 'is not distinct from', input.reporterHostId)
    .where('content_hash', '<>', contentHashOf(input.sbom))
    .executeTakeFirst();
  if (former === undefined) return;
  const sbom = await decompressSbom(former.document);
  const document = await compressSbom({ ...sbom, packages: sbom.packages.map((item) => ({ ...item, files: [] })) });
  await tx
    .insertInto('package_history')
    .values({ ...former, document, id: randomUUID(), asset_id: input.assetId, replaced_at: input.at })
    .execute();
  await sql`
    delete from package_history where asset_id = ${input.assetId} and id not in (
      select id from package_history where asset_id = ${input.assetId} order by replaced_at desc, id limit ${keptLists}
    )`.execute(tx);
};
