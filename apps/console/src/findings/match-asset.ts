import type { DatabaseTransaction } from '../database/database.ts';
import { recomputeRisk } from '../risk/recompute-risk.ts';
import { readPackages } from '../sboms/asset-packages.ts';
import type { AdvisoryContent } from './advisory-content.ts';
import { assessMatches } from './assess-match.ts';
import { type SyncOutcome, syncFindings } from './sync-findings.ts';

/**
 * Matches an asset's stored packages against the active feed and makes its findings and risk follow. Without a feed only the
 * risk is computed. Belongs inside `writeFindings`.
 */
export const matchAsset = async (
  tx: DatabaseTransaction,
  content: AdvisoryContent,
  assetId: string,
  at: Date,
): Promise<SyncOutcome> => {
  const software = await tx
    .selectFrom('asset_software')
    .select('distribution')
    .where('asset_id', '=', assetId)
    .executeTakeFirst();
  const advisories = content.current();
  if (software === undefined || advisories === undefined) {
    await recomputeRisk(tx, assetId);
    return { opened: 0, closed: 0, findings: 0 };
  }
  const packages = await readPackages(tx, assetId);
  const distribution = software.distribution ?? undefined;
  const matches = advisories.match(packages, distribution);
  const outcome = await syncFindings(tx, {
    assetId,
    packages,
    matches: assessMatches(packages, matches, distribution, content.likelihoodOf),
    feedVersion: advisories.version,
    at,
  });
  await recomputeRisk(tx, assetId);
  return outcome;
};
