export { type ImportOptions, importBundle } from './bundle/import.ts';
export type { SignaturePolicy } from './bundle/manifest.ts';
export { buildDatabase, databasePath, type SourceFile, versionOf } from './database/build.ts';
export { openAdvisoryDatabase } from './database/open.ts';
export { type RebuildOptions, rebuildDatabase } from './database/rebuild.ts';
export type { DownloadLimits, FeedFetch, FeedResponse } from './fetch/download.ts';
export {
  defaultEcosystems,
  type FetchedFeeds,
  type FetchFeedsOptions,
  fetchFeeds,
  publisherUrls,
  type SourceOutcome,
} from './fetch/fetch-feeds.ts';
export { type Upgrade, upgradeCommandOf } from './fix/commands.ts';
export { type Fix, type FixTarget, fixFor } from './fix/fix-for.ts';
export { languageRuleOf } from './match/languages.ts';
export { distributionTypes, isUnmatched } from './match/unmatched.ts';
export type {
  Advisory,
  AdvisoryDatabase,
  AdvisorySummary,
  Coverage,
  CvssScore,
  DatabaseCounts,
  EpssScore,
  FeedProgress,
  FeedSourceState,
  ImportedFeed,
  KnownExploited,
  Match,
  Reference,
} from './model.ts';
export { ratingOf, scoreCvss, scoresOfCvss } from './ranking/cvss.ts';
export type { CvssScores } from './ranking/cvss-scores.ts';
export { likelihoodFormula, likelihoodOf, newestScore } from './ranking/likelihood.ts';
export { applyVex, isMoreCautious, type MatchWithVex, type VexSubject, type VexVerdict } from './vex/apply.ts';
export { type ImageNames, imageTargets } from './vex/image-targets.ts';
export { type VexDocument, type VexProduct, type VexStatement, type VexStatus, vexLimits } from './vex/model.ts';
export { parseVex } from './vex/parse.ts';
export { writeCycloneDxVex, writeOpenVex } from './vex/write.ts';
export { writeCsafVex } from './vex/write-csaf.ts';
export type { VexFinding, VexHead } from './vex/written.ts';
