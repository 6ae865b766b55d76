export { type ImportOptions, importBundle } from './bundle/import.ts';
export type { SignaturePolicy } from './bundle/manifest.ts';
export { buildDatabase, databasePath, type SourceFile, versionOf } from './database/build.ts';
export { openAdvisoryDatabase } from './database/open.ts';
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
export { ratingOf, scoreCvss } from './ranking/cvss.ts';
