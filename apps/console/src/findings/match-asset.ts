import { setImmediate } from 'node:timers/promises';
import type { AdvisoryDatabase, Match } from '@parapet/advisories';
import type { Distribution } from '@parapet/contract/sbom';
import type { DatabaseTransaction } from '../database/database.ts';
import { applyRisk, type RiskView, readRiskView } from '../risk/recompute-risk.ts';
import { readPackages, type StoredPackage } from '../sboms/asset-packages.ts';
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
  const view = await readRiskView(tx, assetId);
  if (view === undefined) return { opened: 0, closed: 0, findings: 0 };
  const outcome = await syncMatches(tx, content, view, at);
  await applyRisk(tx, view);
  return outcome;
};

const syncMatches = async (
  tx: DatabaseTransaction,
  content: AdvisoryContent,
  { asset, instances }: RiskView,
  at: Date,
): Promise<SyncOutcome> => {
  const software = await tx
    .selectFrom('asset_software')
    .select('distribution')
    .where('asset_id', '=', asset.id)
    .executeTakeFirst();
  const advisories = content.current();
  if (software === undefined || advisories === undefined) return { opened: 0, closed: 0, findings: 0 };
  const packages = await readPackages(tx, asset.id);
  const distribution = software.distribution ?? undefined;
  const matches = assessMatches(
    packages,
    await matchInSlices(advisories, packages, distribution),
    distribution,
    content.likelihoodOf,
  );
  return syncFindings(tx, { assetId: asset.id, packages, matches, instances, feedVersion: advisories.version, at });
};

/** Some milliseconds of work each, so that requests are answered in between. */
const sliceSize = 50;

const matchInSlices = async (
  advisories: AdvisoryDatabase,
  packages: readonly StoredPackage[],
  distribution: Distribution | undefined,
): Promise<readonly Match[]> => {
  const matches: Match[] = [];
  for (let from = 0; from < packages.length; from += sliceSize) {
    matches.push(...advisories.match(packages.slice(from, from + sliceSize), distribution));
    await setImmediate();
  }
  return matches;
};
