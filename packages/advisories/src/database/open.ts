import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { Distribution } from '@parapet/contract';
import { fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';
import { z } from 'zod';
import { createMatchCache } from '../match/cache.ts';
import { ecosystemRuleOf } from '../match/distributions.ts';
import { languageRuleOf } from '../match/languages.ts';
import { affectingAdvisories, matchPackages } from '../match/match.ts';
import type { AdvisoryDatabase, Coverage } from '../model.ts';
import { createQueries, type Queries } from './queries.ts';
import { layoutVersion } from './schema.ts';

const Count = z.number().int().nonnegative();
const Meta = z.object({
  layout: z.literal(layoutVersion),
  version: z.string(),
  builtAt: z.string(),
  counts: z.object({ advisories: Count, affected: Count, knownExploited: Count, epssScores: Count }),
  sources: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      records: Count,
      skipped: z.object({ withdrawn: Count, broken: Count, noVulnerability: Count }),
      sha256: z.string(),
      dataAt: z.string().exactOptional(),
      fetchedAt: z.string().exactOptional(),
      licence: z.string().exactOptional(),
    }),
  ),
});

const maxResults = 500;

/**
 * Opens a feed version read-only. Fails with `not-a-database` for a file that is none or has another layout. Queries are
 * synchronous: they are microseconds each.
 */
export const openAdvisoryDatabase = (path: string): Result<AdvisoryDatabase, Problem> => {
  let database: DatabaseSync | undefined;
  try {
    // Immutable: no lock, no look for changes and journals at each statement, which would be nearly half of a first match. Nobody
    // writes to the file once it has its name: a new version is another file, and removing one needs no lock.
    database = new DatabaseSync(immutable(path), { readOnly: true });
    database.exec('PRAGMA query_only = ON');
    database.exec('PRAGMA cache_size = -16384');
    const rows = z
      .array(z.object({ key: z.string(), value: z.string() }))
      .parse(database.prepare('SELECT * FROM meta').all());
    const meta = Meta.parse(Object.fromEntries(rows.map(({ key, value }) => [key, JSON.parse(value)])));
    return ok(createAdvisoryDatabase(path, database, meta));
  } catch (error) {
    database?.close();
    return fail(
      problem(
        'not-a-database',
        `This is no advisory database of this version of Parapet; import the feeds again. (${messageOf(error)})`,
        path,
      ),
    );
  }
};

const immutable = (path: string): URL => {
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  return url;
};

const createAdvisoryDatabase = (path: string, database: DatabaseSync, meta: z.infer<typeof Meta>): AdvisoryDatabase => {
  const queries = createQueries(database);
  const cache = createMatchCache();
  const matching = queries.matching();
  let open = true;
  const close = (): void => {
    if (open) database.close();
    open = false;
  };
  return {
    version: meta.version,
    path,
    builtAt: meta.builtAt,
    counts: meta.counts,
    sources: meta.sources,
    match: (packages, distribution) => matchPackages(matching, packages, distribution, cache),
    affecting: (ecosystem, name, version) => affectingAdvisories(matching, ecosystem, name, version),
    coverageOf: (distribution) => coverageOf(queries, distribution),
    coverageOfType: (packageType) => {
      const ecosystem = languageRuleOf(packageType)?.ecosystem;
      return coverageIn(queries, (name) => name === ecosystem);
    },
    advisory: queries.advisory,
    advisoriesOf: queries.advisoriesOf,
    kev: queries.kev,
    epss: queries.epss,
    search: (query, limit = 50) => queries.search(query.trim(), Math.min(Math.max(limit, 1), maxResults)),
    close,
    [Symbol.dispose]: close,
  };
};

const coverageOf = (queries: Queries, distribution: Distribution | undefined): Coverage => {
  const rule = distribution === undefined ? undefined : ecosystemRuleOf(distribution);
  return rule === undefined ? { ecosystems: [], entries: 0 } : coverageIn(queries, rule.covers);
};

const coverageIn = (queries: Queries, covers: (ecosystem: string) => boolean): Coverage => {
  const covered = queries.ecosystems.filter(({ name }) => covers(name));
  return {
    ecosystems: covered.map(({ name }) => name),
    entries: covered.reduce((sum, { entries }) => sum + entries, 0),
  };
};
