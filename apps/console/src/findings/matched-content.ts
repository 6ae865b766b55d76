import { createHash } from 'node:crypto';
import type { DatabaseTransaction } from '../database/database.ts';
import type { AssessedMatch } from './assess-match.ts';
import { type CatalogueIds, upsertCatalogue } from './catalogue.ts';

/** What a list of packages matched, ready to be findings of any asset that has it. */
export type MatchedContent = {
  readonly findings: readonly ContentFinding[];
  /** Packages that were not looked at, because those before had more vulnerabilities than are kept of one asset. */
  readonly leftOut: number;
  /** Of the findings: equal ones make equal rows. */
  readonly digest: string;
};

/** The columns of a finding that come from its match alone. */
export type ContentFinding = ReturnType<typeof contentOf>;

/** Stores what the matches refer to. Belongs inside `writeFindings`. */
export const storeContent = async (
  tx: DatabaseTransaction,
  input: { readonly matches: readonly AssessedMatch[]; readonly leftOut: number; readonly feedVersion: string },
): Promise<MatchedContent> => {
  const matches = oneEach(input.matches);
  const versions = Map.groupBy(input.matches, identityOf);
  const ids = await upsertCatalogue(tx, matches, input.feedVersion);
  const findings = matches.map((assessed) => contentOf(assessed, versions.get(identityOf(assessed)) ?? [], ids));
  const hash = createHash('sha256').update(contentVersion);
  for (const finding of findings) hash.update(JSON.stringify(finding));
  return { findings, leftOut: input.leftOut, digest: hash.digest('base64') };
};

/** Goes up when the same content is to make other rows than before. */
const contentVersion = 'findings/1';

/** Several versions of a package side by side are one finding; the first package stands for them. */
const oneEach = (matches: readonly AssessedMatch[]): readonly AssessedMatch[] => [
  ...new Map(matches.toReversed().map((assessed) => [identityOf(assessed), assessed] as const)).values(),
];

const identityOf = (assessed: AssessedMatch): string =>
  `${assessed.match.vulnerability}|${assessed.package.packageKey}`;

/** More side by side are not told one by one; who asks whether all are spoken of is told no. */
export const otherPurlLimit = 50;

const otherPurls = (shown: AssessedMatch, all: readonly AssessedMatch[]): readonly string[] =>
  [...new Set(all.map((assessed) => assessed.package.purl))]
    .filter((purl) => purl !== shown.package.purl)
    .toSorted()
    .slice(0, otherPurlLimit);

const contentOf = (assessed: AssessedMatch, all: readonly AssessedMatch[], ids: CatalogueIds) => ({
  package_key: assessed.package.packageKey,
  product_id: ids.product(assessed),
  vulnerability_id: ids.vulnerability(assessed),
  fix_id: ids.fix(assessed),
  purl: assessed.package.purl,
  package_version: assessed.package.version,
  advisory_id: assessed.match.advisoryId,
  fixed_version: assessed.match.fixedVersion ?? null,
  affected_ranges: assessed.match.affectedRanges.slice(0, 20),
  cvss: assessed.match.cvss[0]?.score ?? null,
  epss: assessed.match.epss?.score ?? null,
  kev: assessed.match.kev !== undefined,
  exploit: assessed.match.exploits.length > 0,
  likelihood: assessed.likelihood.value,
  ecosystem: assessed.match.ecosystem,
  notes: assessed.match.notes,
  other_purls: otherPurls(assessed, all),
});
