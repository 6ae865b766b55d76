import { storableText } from '@parapet/core';
import { sql } from 'kysely';
import type { DatabaseTransaction } from '../database/database.ts';
import type { AssessedMatch } from './assess-match.ts';

export type CatalogueIds = {
  readonly vulnerability: (assessed: AssessedMatch) => number;
  readonly product: (assessed: AssessedMatch) => number;
  readonly fix: (assessed: AssessedMatch) => number;
};

/** Stores what findings refer to by id: vulnerabilities as the feed describes them, packages by name, fixes. */
export const upsertCatalogue = async (
  tx: DatabaseTransaction,
  matches: readonly AssessedMatch[],
  feedVersion: string,
): Promise<CatalogueIds> => {
  const [vulnerabilities, products, fixes] = [
    await upsertVulnerabilities(tx, matches, feedVersion),
    await upsertProducts(tx, matches),
    await upsertFixes(tx, matches),
  ];
  return {
    vulnerability: (assessed) => idOf(vulnerabilities, assessed.match.vulnerability),
    product: (assessed) => idOf(products, productKey(assessed.package)),
    fix: (assessed) => idOf(fixes, assessed.fix.key),
  };
};

const idOf = (ids: ReadonlyMap<string, number>, key: string): number => {
  const id = ids.get(key);
  if (id === undefined) throw new Error(`no row was stored for ${key}`);
  return id;
};

const productKey = (item: { readonly type: string; readonly name: string }): string => `${item.type}/${item.name}`;

const summaryLimit = 2000;
const aliasLimit = 50;

const upsertVulnerabilities = async (
  tx: DatabaseTransaction,
  matches: readonly AssessedMatch[],
  feedVersion: string,
): Promise<ReadonlyMap<string, number>> => {
  const rows = [...new Map(matches.map((assessed) => [assessed.match.vulnerability, assessed])).values()].map(
    ({ match, likelihood }) => {
      const summary = storableText(match.summary).slice(0, summaryLimit);
      const aliases = match.aliases.slice(0, aliasLimit);
      return {
        key: match.vulnerability,
        summary,
        aliases,
        published_severity: match.publishedSeverity ?? null,
        cvss: match.cvss[0]?.score ?? null,
        epss: match.epss?.score ?? null,
        kev: match.kev !== undefined,
        exploit: match.exploits.length > 0,
        likelihood: likelihood.value,
        likelihood_factor: likelihood,
        search: [match.vulnerability, ...aliases, summary].join(' ').toLowerCase(),
      };
    },
  );
  await sql`
    insert into vulnerabilities as old (key, summary, aliases, published_severity, cvss, epss, kev, exploit, likelihood, likelihood_factor, feed_version, search)
    select key, summary, coalesce(aliases, '{}'), published_severity, cvss, epss, kev, exploit, likelihood, likelihood_factor, ${feedVersion}, search
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as new (key text, summary text, aliases text[], published_severity text, cvss real, epss real,
      kev boolean, exploit boolean, likelihood real, likelihood_factor jsonb, search text)
    on conflict (key) do update set summary = excluded.summary, aliases = excluded.aliases, published_severity = excluded.published_severity,
      cvss = excluded.cvss, epss = excluded.epss, kev = excluded.kev, exploit = excluded.exploit, likelihood = excluded.likelihood,
      likelihood_factor = excluded.likelihood_factor, feed_version = excluded.feed_version, search = excluded.search
    where (old.search, old.published_severity, old.cvss, old.likelihood_factor)
      is distinct from (excluded.search, excluded.published_severity, excluded.cvss, excluded.likelihood_factor)`.execute(
    tx,
  );
  return readIds(
    tx,
    sql`vulnerabilities`,
    sql`key`,
    rows.map((row) => row.key),
  );
};

const upsertProducts = async (
  tx: DatabaseTransaction,
  matches: readonly AssessedMatch[],
): Promise<ReadonlyMap<string, number>> => {
  const products = [...new Map(matches.map((assessed) => [productKey(assessed.package), assessed.package])).values()];
  await sql`
    insert into products (type, name)
    select * from unnest(${products.map((item) => item.type)}::text[], ${products.map((item) => item.name)}::text[])
    on conflict (type, name) do nothing`.execute(tx);
  return readIds(
    tx,
    sql`products`,
    sql`type || '/' || name`,
    products.map(productKey),
    sql`name = any(${products.map((item) => item.name)}::text[])`,
  );
};

/** Assets have different packages of one source: the longest command names the most, and the others ignore what they lack. */
const upsertFixes = async (
  tx: DatabaseTransaction,
  matches: readonly AssessedMatch[],
): Promise<ReadonlyMap<string, number>> => {
  const fixes = [...new Map(matches.map((assessed) => [assessed.fix.key, assessed.fix])).values()];
  await sql`
    insert into fixes as old (key, title, command, fixed_version)
    select * from unnest(${fixes.map((fix) => fix.key)}::text[], ${fixes.map((fix) => fix.title)}::text[],
      ${fixes.map((fix) => fix.command)}::text[], ${fixes.map((fix) => fix.fixedVersion)}::text[])
    on conflict (key) do update set command = excluded.command
    where length(excluded.command) > coalesce(length(old.command), 0)`.execute(tx);
  return readIds(
    tx,
    sql`fixes`,
    sql`key`,
    fixes.map((fix) => fix.key),
  );
};

const readIds = async (
  tx: DatabaseTransaction,
  table: ReturnType<typeof sql>,
  key: ReturnType<typeof sql>,
  keys: readonly string[],
  narrow: ReturnType<typeof sql> = sql`true`,
): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await sql<{ key: string; id: number }>`
    select ${key} as key, id from ${table} where ${key} = any(${keys}::text[]) and ${narrow}`.execute(tx);
  return new Map(rows.map((row) => [row.key, row.id]));
};
