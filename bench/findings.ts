import { likelihoodOf } from '@parapet/advisories';
import { FindingFilter as FilterShape, type FindingFilter, type Scope } from '@parapet/contract/api';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../apps/console/src/database/database.ts';
import { readFacets } from '../apps/console/src/findings/facets.ts';
import { readFindingDetail } from '../apps/console/src/findings/finding-detail.ts';
import { groupFindings } from '../apps/console/src/findings/group-findings.ts';
import { listFindings } from '../apps/console/src/findings/list-findings.ts';
import { insertSyntheticFindings, type SyntheticSize } from '../apps/console/src/findings/synthetic-findings.ts';
import { callRoute } from '../apps/console/src/findings/testing/call-route.ts';
import { writeFindings } from '../apps/console/src/findings/write-lock.ts';
import { createOverviewRoutes } from '../apps/console/src/overview/overview-routes.ts';
import { createTestDatabase } from '../apps/console/src/testing/test-database.ts';

/** 150,000 findings on 300 assets with packages; `FINDINGS_BENCH_SCALE` multiplies the assets. */
const size = (scale: number): SyntheticSize => ({
  hosts: 200 * scale,
  images: 100 * scale,
  vulnerabilities: 12_000,
  findingsEach: 500,
});

const scope: Scope = { team: ['a'] };
const runs = 40;

/** Times the findings API on a real PostgreSQL while findings are written. Milliseconds, p50 and p99 of 40 runs each. */
export const run = async (): Promise<Readonly<Record<string, number>>> => {
  const scale = Number(process.env['FINDINGS_BENCH_SCALE'] ?? 1);
  await using store = await createTestDatabase();
  const { db } = store;
  const startedAt = performance.now();
  await insertSyntheticFindings(db, size(scale));
  const insertMs = performance.now() - startedAt;
  await sql`vacuum analyze`.execute(db);
  const count = await sql<{ n: number }>`select count(*) as n from findings`.execute(db);

  const writer = keepWriting(db);
  const figures: Record<string, number> = { findings: count.rows[0]?.n ?? 0, insertMs: Math.round(insertMs) };
  for (const [name, work] of Object.entries(casesOf(db))) Object.assign(figures, await measure(name, work));
  figures['writesMeanwhile'] = await writer.stop();
  return figures;
};

const parse = (query: Record<string, string>): FindingFilter => z.object(FilterShape).parse(query) as FindingFilter;

const casesOf = (db: Database): Readonly<Record<string, () => Promise<unknown>>> => {
  const list = (query: Record<string, string>, of: Scope = null) =>
    listFindings(db, { ...parse(query), sort: 'risk', limit: 50 }, of);
  const facets = (query: Record<string, string>, of: Scope = null) => readFacets(db, parse(query), of);
  const groups = (
    query: Record<string, string>,
    of: Scope = null,
    by: 'fix' | 'vulnerability' | 'asset' | 'package' = 'fix',
  ) => groupFindings(db, { ...parse(query), by, limit: 50 }, of);
  const overview = createOverviewRoutes({
    ...{ db, clock: { now: () => Date.now() } },
    // Synthetic findings have no advisories behind them.
    content: { current: () => undefined, likelihoodOf },
  });
  const open = { status: 'open' };
  const narrow = { ...open, severity: 'high,medium', exposure: 'none-seen', use: 'installed' };
  return {
    list: () => list(open),
    listNarrow: () => list(narrow),
    listKev: () => list({ ...open, exploited: 'kev' }),
    listSearch: () => list({ ...open, q: 'parser 77' }),
    listScoped: () => list(open, scope),
    facets: () => facets(open),
    facetsNarrow: () => facets(narrow),
    facetsSearch: () => facets({ ...open, q: 'cve-2026-77' }),
    facetsScoped: () => facets(open, scope),
    groupsByFix: () => groups(open),
    groupsByFixNarrow: () => groups(narrow),
    groupsByFixSearch: () => groups({ ...open, q: 'cve-2026-77' }),
    groupsByFixScoped: () => groups(open, scope),
    groupsByVulnerability: () => groups(open, null, 'vulnerability'),
    groupsByAsset: () => groups(open, null, 'asset'),
    groupsByPackage: () => groups(open, null, 'package'),
    detail: async () => readFindingDetail(db, undefined, (await list(open)).items[0]?.id ?? '', null),
    overview: () => callRoute(overview, 'overview.get'),
    overviewScoped: () => callRoute(overview, 'overview.get', { scope }),
  };
};

/** Changes the risk of one asset's findings again and again, as observation does. */
const keepWriting = (db: Database): { readonly stop: () => Promise<number> } => {
  let stopped = false;
  let writes = 0;
  const loop = (async () => {
    while (!stopped) {
      await writeFindings(db, (tx) =>
        sql`update findings set risk = round((random() * 100)::numeric, 1) where asset_id = md5('asset' || ${1 + (writes % 100)}::int)::uuid`.execute(
          tx,
        ),
      );
      writes += 1;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await loop;
      return writes;
    },
  };
};

const measure = async (name: string, work: () => Promise<unknown>): Promise<Record<string, number>> => {
  await work();
  const times: number[] = [];
  for (let index = 0; index < runs; index += 1) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0) * 10) / 10;
  return { [`${name}P50Ms`]: at(0.5), [`${name}P99Ms`]: at(0.99) };
};
