import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { MatchSource } from '../match/match-source.ts';
import { describeRanges } from '../match/ranges.ts';
import type { Advisory, AdvisorySummary, EpssScore, KnownExploited } from '../model.ts';
import { createMatchSource } from './match-reads.ts';
import { cveNumber } from './schema.ts';
import { decodeRanges, StoredBody, StoredHead } from './stored.ts';

export type Queries = {
  readonly ecosystems: readonly { readonly name: string; readonly entries: number }[];
  /** What matching reads; it remembers what it has read, up to a limit. */
  readonly matching: () => MatchSource;
  readonly advisory: (id: string) => Advisory | undefined;
  readonly advisoriesOf: (vulnerability: string) => readonly Advisory[];
  readonly kev: (cve: string) => KnownExploited | undefined;
  readonly epss: (cve: string) => EpssScore | undefined;
  readonly search: (query: string, limit: number) => readonly AdvisorySummary[];
};

const EcosystemRow = z.object({ n: z.number(), name: z.string(), entries: z.number() });
const AdvisoryRow = z.object({ n: z.number(), id: z.string(), head: z.string(), body: z.string() });
const HeadRow = AdvisoryRow.omit({ body: true });
const AffectedRow = z.object({ ecosystem: z.string(), package: z.string(), ranges: z.string() });
const EpssRow = z.object({ score: z.number(), percentile: z.number() });
const KevEntry = z.object({
  vulnerability: z.string(),
  name: z.string(),
  dateAdded: z.string(),
  ransomware: z.boolean(),
  requiredAction: z.string().exactOptional(),
});

/** An advisory page shows so many packages; a kernel erratum has thousands. */
const maxAffectedShown = 500;
const maxAdvisories = 100;

/** The statements of an open database, prepared once. */
export const createQueries = (database: DatabaseSync): Queries => {
  const ecosystems = z.array(EcosystemRow).parse(database.prepare('SELECT n, name, entries FROM ecosystem').all());
  const lookups = createLookups(database);
  const pages = createPages(database);
  return {
    ecosystems,
    matching: () => createMatchSource(database, ecosystems, lookups.kev),
    ...pages,
    kev: lookups.kev,
    epss: lookups.epss,
  };
};

type Lookups = Pick<MatchSource, 'kev'> & Pick<Queries, 'epss'>;

const createLookups = (database: DatabaseSync): Lookups => {
  const epss = database.prepare('SELECT score, percentile FROM epss WHERE cve = ?');
  const exploited = readKnownExploited(database);
  return {
    epss: (cve) => {
      const number = cveNumber(cve);
      const row = number === undefined ? undefined : epss.get(number);
      return row === undefined ? undefined : EpssRow.parse(row);
    },
    kev: (cve) => {
      const entry = exploited.get(cve);
      return entry === undefined ? undefined : KevEntry.parse(JSON.parse(entry));
    },
  };
};

/** Some thousand entries, asked for every match: kept in memory, each parsed when it is the answer. */
const readKnownExploited = (database: DatabaseSync): ReadonlyMap<string, string> => {
  const statement = database.prepare('SELECT vulnerability, entry FROM kev');
  statement.setReturnArrays(true);
  return new Map(statement.all() as unknown as readonly (readonly [string, string])[]);
};

const createPages = (database: DatabaseSync): Pick<Queries, 'advisory' | 'advisoriesOf' | 'search'> => {
  const byId = database.prepare('SELECT n, id, head, body FROM advisory WHERE id = ?');
  const byName = database.prepare(
    'SELECT n, id, head, body FROM name JOIN advisory ON advisory.n = name.advisory WHERE name = ? LIMIT ?',
  );
  const affected = database.prepare(
    `SELECT ecosystem.name AS ecosystem, entry.package AS package, entry.ranges AS ranges
     FROM package CROSS JOIN ecosystem CROSS JOIN entry
       ON entry.ecosystem = ecosystem.n AND entry.package = package.name AND entry.advisory = package.advisory
     WHERE package.advisory = ? LIMIT ?`,
  );
  const search = database.prepare(
    `SELECT DISTINCT n, id, head FROM (
       SELECT advisory FROM name WHERE name >= ?1 AND name < ?2
       UNION SELECT advisory FROM package WHERE name >= ?3 AND name < ?4 LIMIT 5000
     ) JOIN advisory ON advisory.n = advisory ORDER BY n DESC LIMIT ?5`,
  );
  const pageOf = (row: unknown): Advisory => {
    const { n, id, head, body } = AdvisoryRow.parse(row);
    return advisoryOf(id, head, body, affected.all(n, maxAffectedShown));
  };
  return {
    advisory: (id) => {
      const row = byId.get(id);
      return row === undefined ? undefined : pageOf(row);
    },
    advisoriesOf: (vulnerability) => byName.all(vulnerability, maxAdvisories).map(pageOf),
    search: (query, limit) => {
      if (query === '') return [];
      const id = asId(query);
      return search.all(id, `${id}\uffff`, query, `${query}\uffff`, limit).map(summaryOf);
    },
  };
};

/** Ids as publishers write them: `cve-2026-1` is `CVE-2026-1`, and the rest of a GHSA id is lower case. What is mixed already stays. */
const asId = (query: string): string => {
  if (/^ghsa-/i.test(query)) return `GHSA-${query.slice('GHSA-'.length).toLowerCase()}`;
  return query === query.toLowerCase() ? query.toUpperCase() : query;
};

const advisoryOf = (id: string, headText: string, bodyText: string, affected: readonly unknown[]): Advisory => {
  const { vulnerabilities, aliases, summary, cvss, publishedSeverity, published } = StoredHead.parse(
    JSON.parse(headText),
  );
  const { details, references, modified } = StoredBody.parse(JSON.parse(bodyText));
  return {
    id,
    vulnerabilities,
    aliases,
    summary,
    details,
    references,
    cvss,
    affected: affected.map((row) => {
      const found = AffectedRow.parse(row);
      return { ...found, ranges: describeRanges(decodeRanges(found.ranges)) };
    }),
    ...(publishedSeverity === undefined ? {} : { publishedSeverity }),
    ...(published === undefined ? {} : { published }),
    ...(modified === undefined ? {} : { modified }),
  };
};

const summaryOf = (row: unknown): AdvisorySummary => {
  const { id, head } = HeadRow.parse(row);
  const { vulnerabilities, summary, published } = StoredHead.parse(JSON.parse(head));
  return { id, vulnerabilities, summary, ...(published === undefined ? {} : { published }) };
};
