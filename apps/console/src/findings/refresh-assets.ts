import type { DatabaseTransaction } from '../database/database.ts';
import { refreshAssetRisk } from '../risk/asset-risk.ts';

/** Makes what assets show follow their findings, and that of the containers made from them. */
export const refreshWithInstances = async (tx: DatabaseTransaction, assetIds: readonly string[]): Promise<void> => {
  if (assetIds.length === 0) return;
  const instances = await tx
    .selectFrom('assets')
    .select('id')
    .where('image_id', 'in', [...assetIds])
    .where('status', '<>', 'gone')
    .execute();
  await refreshAssetRisk(tx, [...assetIds, ...instances.map((row) => row.id)]);
};
