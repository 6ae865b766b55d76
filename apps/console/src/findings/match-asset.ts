import { setImmediate } from 'node:timers/promises';
import type { AdvisoryDatabase, Match } from '@parapet/advisories';
import type { Distribution } from '@parapet/contract/sbom';
import type { DatabaseTransaction } from '../database/database.ts';
import type { Instance } from '../risk/instances.ts';
import { applyRisk, type RiskView, readRiskView } from '../risk/recompute-risk.ts';
import { readPackages, type StoredPackage } from '../sboms/asset-packages.ts';
import { applyVexToAsset } from '../vex/apply-vex.ts';
import type { AdvisoryContent } from './advisory-content.ts';
import { assessMatches } from './assess-match.ts';
import { contentKeyOf } from './match-memory.ts';
import { type MatchedContent, storeContent } from './matched-content.ts';
import { type SyncOutcome, syncFindings } from './sync-findings.ts';
import { whyUnmatched } from './unmatched.ts';
import { afterCommit } from './write-lock.ts';

export type MatchOutcome = SyncOutcome & {
  /** Packages that were not looked at, because those before had more vulnerabilities than are kept of one asset. */
  readonly leftOut: number;
};

/**
 * Matches an asset's stored packages against the active feed and makes its findings follow, and what VEX documents say of them,
 * and their risk. Without a feed only the latter two are done. Belongs inside `writeFindings`.
 */
export const matchAsset = async (
  tx: DatabaseTransaction,
  content: AdvisoryContent,
  assetId: string,
  at: Date,
): Promise<MatchOutcome> => {
  const view = await readRiskView(tx, assetId);
  if (view === undefined) return nothing;
  const { outcome } = await syncMatches(tx, content, assetId, async () => view.instances, at);
  await applyVexToAsset(tx, assetId, at);
  await applyRisk(tx, view);
  return outcome;
};

/**
 * As `matchAsset` where the feed alone is new, as it is for most of what is stored: an asset of which the same is known as before
 * keeps its risk, for which nothing is read. Aliases may be new, so VEX documents are asked again.
 */
export const rematchAsset = async (
  tx: DatabaseTransaction,
  content: AdvisoryContent,
  assetId: string,
  at: Date,
): Promise<MatchOutcome> => {
  let view: RiskView | undefined;
  const readView = async (): Promise<RiskView | undefined> => (view ??= await readRiskView(tx, assetId));
  const { outcome, isSame } = await syncMatches(
    tx,
    content,
    assetId,
    async () => (await readView())?.instances ?? [],
    at,
  );
  const { ruledOut, returned } = await applyVexToAsset(tx, assetId, at);
  if (isSame && ruledOut + returned === 0) return outcome;
  const changed = await readView();
  if (changed !== undefined) await applyRisk(tx, changed);
  return outcome;
};

type Synced = { readonly outcome: MatchOutcome; readonly isSame: boolean };

const syncMatches = async (
  tx: DatabaseTransaction,
  content: AdvisoryContent,
  assetId: string,
  instances: () => Promise<readonly Instance[]>,
  at: Date,
): Promise<Synced> => {
  const software = await tx
    .selectFrom('asset_software')
    .select('distribution')
    .where('asset_id', '=', assetId)
    .executeTakeFirst();
  const advisories = content.current();
  if (software === undefined || advisories === undefined) return { outcome: nothing, isSame: false };
  const packages = await readPackages(tx, assetId);
  const distribution = software.distribution ?? undefined;
  const feedVersion = advisories.version;
  const key = contentKeyOf(feedVersion, distribution, packages);
  const known = content.matched?.find(key);
  const matched = known ?? (await matchContent(tx, content, advisories, packages, distribution));
  if (known === undefined) afterCommit(tx, () => content.matched?.keep(key, matched));
  const unmatched = whyUnmatched(advisories, packages, distribution);
  const input = { assetId, packages, content: matched, unmatched, instances, feedVersion, at };
  const { isSame, ...outcome } = await syncFindings(tx, input);
  return { outcome: { ...outcome, leftOut: matched.leftOut }, isSame };
};

const matchContent = async (
  tx: DatabaseTransaction,
  content: AdvisoryContent,
  advisories: AdvisoryDatabase,
  packages: readonly StoredPackage[],
  distribution: Distribution | undefined,
): Promise<MatchedContent> => {
  const { matches, leftOut } = await matchInSlices(advisories, packages, distribution);
  const assessed = assessMatches(packages, matches, distribution, content.likelihoodOf);
  return storeContent(tx, { matches: assessed, leftOut, feedVersion: advisories.version });
};

const nothing: MatchOutcome = { opened: 0, closed: 0, findings: 0, leftOut: 0 };

/** No real system has more. A package list may be made up by whoever owns the workload, and each name can have thousands. */
const matchLimit = 50_000;

/** Some milliseconds of work each, so that requests are answered in between. */
const sliceSize = 50;

const matchInSlices = async (
  advisories: AdvisoryDatabase,
  packages: readonly StoredPackage[],
  distribution: Distribution | undefined,
): Promise<{ readonly matches: readonly Match[]; readonly leftOut: number }> => {
  const matches: Match[] = [];
  for (let from = 0; from < packages.length; from += sliceSize) {
    if (matches.length >= matchLimit) return { matches, leftOut: packages.length - from };
    for (const match of advisories.match(packages.slice(from, from + sliceSize), distribution)) matches.push(match);
    await setImmediate();
  }
  return { matches, leftOut: 0 };
};
