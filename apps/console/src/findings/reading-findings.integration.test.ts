import { FindingFilter, type Scope } from '@parapet/contract/api';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { silentLog } from '../logging/log.ts';
import { readFindingFigures } from '../overview/counts.ts';
import { readPriorities } from '../overview/priorities.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { decodeCell } from './cells.ts';
import { readFacets } from './facets.ts';
import { groupFindings } from './group-findings.ts';
import type { Grouping } from './grouping.ts';
import { createFindingIndex, type FindingIndex } from './index/finding-index.ts';
import { loadFindings } from './index/load-findings.ts';
import { createNumbering, idOfRow } from './index/segment.ts';
import { listFindings } from './list-findings.ts';
import { rankVulnerabilities } from './rank-vulnerabilities.ts';
import { insertSyntheticFindings } from './synthetic-findings.ts';
import { noneWrong, wrongRollUps } from './testing/roll-ups.ts';

let database: TestDatabase;
let index: FindingIndex;
beforeAll(async () => {
  database = await createTestDatabase();
  await insertSyntheticFindings(database.db, { hosts: 12, images: 6, vulnerabilities: 240, findingsEach: 60 });
  index = createFindingIndex({ db: database.db, pool: database.pool, log: silentLog });
  index.start();
  await vi.waitFor(() => expect(index.figures().state).toBe('ready'), { timeout: 180_000 });
});
afterAll(async () => {
  await index[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const parse = (query: Record<string, unknown>): FindingFilter => z.object(FindingFilter).parse(query) as FindingFilter;

/** The same pseudo-random filters at every run. */
const randomFilters = (count: number): readonly Record<string, unknown>[] => {
  let state = 42;
  const random = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  const pick = (values: readonly unknown[]): unknown => values[random(values.length)];
  const choices: Readonly<Record<string, readonly unknown[]>> = {
    status: ['open', 'open,accepted', 'closed'],
    severity: ['critical', 'high,low', 'medium'],
    exposure: ['internet', 'zones,unknown', 'none-seen'],
    use: ['running', 'loaded,running', 'installed'],
    exploited: ['kev', 'kev,exploit', 'epss-high'],
    fixable: ['true', 'false'],
    q: ['host-1', 'parser 3', 'cve-2026-12', '100%', 'web'],
    minRisk: ['20', '50', '33.3', '80'],
    vulnerability: ['CVE-2026-60'],
    fix: ['fix-3'],
    package: ['nothing-has-this-name'],
  };
  return Array.from({ length: count }, () => {
    const names = Object.keys(choices).filter(() => random(5) === 0);
    return Object.fromEntries(names.map((name) => [name, pick(choices[name] ?? [])]));
  });
};

const listAll = async (query: Record<string, unknown>, scope: Scope, limit = 70, memory?: FindingIndex) => {
  const items = [];
  let after: string | undefined;
  let total = 0;
  do {
    const page = await listFindings(database.db, { ...parse(query), sort: 'risk', limit, after }, scope, memory);
    items.push(...page.items);
    after = page.next;
    total = page.total;
  } while (after !== undefined);
  return { items, total };
};

const scopes: readonly Scope[] = [null, { team: ['a'] }];

describe.each(scopes)('with scope %j', (scope) => {
  test.each(randomFilters(40).map((query) => [JSON.stringify(query), query] as const))(
    'list, facets and groups agree under %s',
    async (_text, query) => {
      const { items, total } = await listAll(query, scope);
      expect(total).toBe(items.length);
      expect(new Set(items.map((item) => item.id)).size).toBe(items.length);
      expect(items.map((item) => item.risk)).toEqual(items.map((item) => item.risk).toSorted((a, b) => b - a));

      const facets = await readFacets(database.db, parse(query), scope);
      expect(facets.total).toBe(items.length);
      for (const facet of facets.facets) {
        for (const value of facet.values.slice(0, 3)) {
          const under = await listAll(
            { ...query, [facet.name]: value.value, ...keepBound(query, facet.name) },
            scope,
            500,
          );
          expect([facet.name, value.value, value.count]).toEqual([facet.name, value.value, under.items.length]);
        }
      }

      for (const by of ['fix', 'vulnerability', 'asset', 'package'] satisfies Grouping[]) {
        const groups = await groupFindings(database.db, { ...parse(query), by, limit: 500 }, scope);
        expect(groups.findings).toBe(items.length);
        expect(groups.items.reduce((sum, group) => sum + group.findings, 0)).toBe(items.length);
        expect(groups.items[0]?.risk).toBe(items[0]?.risk);
        expect(groups.topFiveShare).toBeLessThanOrEqual(1);
      }
    },
  );
});

describe.each(scopes)('findings in memory say what the database says, with scope %j', (scope) => {
  test.each(
    [
      ...randomFilters(36).filter(({ q, minRisk, vulnerability, fix }) =>
        [q, minRisk, vulnerability, fix].some((value) => value !== undefined),
      ),
      // What every vulnerability holds, and what asks three columns at once.
      ...[{ q: 'c' }, { q: 'cve 3', status: 'open' }, { q: '3 parser', fix: 'fix-3', vulnerability: 'CVE-2026-60' }],
    ].map((query) => [JSON.stringify(query), query] as const),
  )('under %s', async (_text, query) => {
    expect(await listAll(query, scope, 70, index)).toEqual(await listAll(query, scope));
    const { db } = database;
    expect(await readFacets(db, parse(query), scope, index)).toEqual(await readFacets(db, parse(query), scope));
    for (const sort of ['newest', 'cvss'] as const) {
      const wanted = { ...parse(query), sort, limit: 30 };
      const [page, stored] = [await listFindings(db, wanted, scope, index), await listFindings(db, wanted, scope)];
      expect(page.items.map(({ id }) => id)).toEqual(stored.items.map(({ id }) => id));
    }
    for (const by of ['fix', 'vulnerability', 'asset', 'package'] satisfies Grouping[]) {
      const wanted = { ...parse(query), by, limit: 7 };
      const [page, stored] = [await groupFindings(db, wanted, scope, index), await groupFindings(db, wanted, scope)];
      expect({ ...page, topFiveShare: 0 }).toEqual({ ...stored, topFiveShare: 0 });
      expect(page.topFiveShare).toBeCloseTo(stored.topFiveShare, 3);
      if (page.next === undefined) continue;
      const next = await groupFindings(db, { ...wanted, after: page.next }, scope, index);
      expect(next).toMatchObject({ items: (await groupFindings(db, { ...wanted, after: page.next }, scope)).items });
    }
  });
});

test.each(scopes)('the overview counts the same from memory and from the database, with scope %j', async (scope) => {
  const { db } = database;
  expect(await readPriorities(db, scope, index)).toEqual(await readPriorities(db, scope));
  const { rows } = await sql<{ at: Date }>`
    select first_seen_at as at from findings union select closed_at from findings where closed_at is not null order by at`.execute(
    db,
  );
  // At the first, at the last, and between: each an instant that findings have, which is not after itself.
  for (const at of [0, 0.3, 0.6, 0.9, 1].map((share) => rows[Math.floor((rows.length - 1) * share)]?.at)) {
    const since = new Date(at ?? 0);
    expect(await readFindingFigures(db, scope, since, index)).toEqual(await readFindingFigures(db, scope, since));
  }
  const all = await readFindingFigures(db, scope, new Date(0), index);
  expect(Math.min(all.openFindings, all.findingsOpened, all.findingsClosed)).toBeGreaterThan(0);
});

test('search within a scope finds every vulnerability that the scope has, from memory and from the database', async () => {
  const { db } = database;
  const scope = { team: ['a'] };
  const { items } = await listAll({ status: 'open,accepted' }, scope, 500);
  const highest = new Map<string, number>();
  for (const { vulnerability, risk } of items)
    highest.set(vulnerability ?? '', Math.max(risk, highest.get(vulnerability ?? '') ?? 0));
  // More than a page of the fleet's riskiest.
  expect(highest.size).toBeGreaterThan(50);
  const wanted = { pattern: '%CVE-%', scope, limit: 1_000 };
  const stored = await rankVulnerabilities(db, wanted);
  const kept = await rankVulnerabilities(db, wanted, index);
  expect(kept.map(({ id, risk }) => [id, risk])).toEqual(stored.map(({ id, risk }) => [id, risk]));
  expect(stored.map(({ risk }) => risk)).toEqual([...highest.values()].toSorted((a, b) => b - a));
});

test('findings in memory follow what is written, and give way when there are too many', async () => {
  const { db } = database;
  const query = { q: 'parser' };
  await sql`update findings set risk = 1.5 where asset_id = md5('asset3')::uuid`.execute(db);
  await sql`delete from findings where asset_id = md5('asset4')::uuid`.execute(db);
  const before = await listAll(query, null, 500);
  expect(before.items.some(({ risk }) => risk === 1.5)).toBe(true);
  expect(await listAll(query, null, 500, index)).toEqual(before);
  await using small = createFindingIndex({ db, pool: database.pool, log: silentLog, limit: 10 });
  small.start();
  await vi.waitFor(() => expect(small.figures()).toEqual({ state: 'too-many', findings: 0, bytes: 0 }), {
    timeout: 180_000,
  });
  expect(await listAll(query, null, 500, small)).toEqual(before);
});

test('all findings are read at once as they are read asset by asset', async () => {
  const { db, pool } = database;
  const numberings = { vulnerabilities: createNumbering(), products: createNumbering(), fixes: createNumbering() };
  const { signal } = new AbortController();
  const loaded = await loadFindings(pool, numberings, 1_000_000, signal);
  const stored = await sql<{ ids: string; change: number }>`
    select string_agg(id::text, ',' order by id) as ids, (select max(change) from finding_changes) as change from findings`.execute(
    db,
  );
  const segments = [...(loaded?.segments.values() ?? [])];
  const ids = segments.flatMap((segment) => Array.from({ length: segment.length }, (_, row) => idOfRow(segment, row)));
  expect(ids.sort().join()).toBe(stored.rows[0]?.ids);
  expect(loaded).toMatchObject({ position: stored.rows[0]?.change, findings: ids.length });
  expect(await loadFindings(pool, numberings, 10, signal)).toBeUndefined();
  await expect(loadFindings(pool, numberings, 1_000_000, AbortSignal.abort())).rejects.toThrow('abort');
});

/** `minRisk` at a band's bound is a severity; the severity facet is counted without it. */
const keepBound = (query: Record<string, unknown>, facet: string): Record<string, unknown> =>
  facet === 'severity' && ['20', '50', '80'].includes(String(query['minRisk'])) ? { minRisk: undefined } : {};

test('roll-ups equal what they sum, after updates and deletes too', async () => {
  const { db } = database;
  await sql`update findings set risk = case when risk > 90 then 10 else risk end, status = 'open', closed_at = null where asset_id = md5('asset1')::uuid`.execute(
    db,
  );
  await sql`delete from findings where asset_id = md5('asset2')::uuid and kev`.execute(db);
  expect(await wrongRollUps(db)).toEqual(noneWrong);
  const cells = await db
    .selectFrom('findings')
    .select(['cell', 'status', 'risk', 'exposure_kind', 'use_kind', 'kev', 'fixed_version'])
    .limit(200)
    .execute();
  for (const row of cells) {
    expect(decodeCell(row.cell)).toMatchObject({
      status: row.status,
      exposure: row.exposure_kind,
      use: row.use_kind,
      fixable: row.fixed_version !== null,
    });
    expect(decodeCell(row.cell).exploited.includes('kev')).toBe(row.kev);
  }
});

test('pages stay stable while findings come in', async () => {
  const before = await listAll({ status: 'open' }, null, 500);
  const first = await listFindings(database.db, { ...parse({ status: 'open' }), sort: 'risk', limit: 50 }, null);
  await sql`update findings set risk = 99.9 where id = ${before.items.at(-1)?.id}`.execute(database.db);
  const seen = [...first.items.map((item) => item.id)];
  let after = first.next;
  while (after !== undefined) {
    const page = await listFindings(
      database.db,
      { ...parse({ status: 'open' }), sort: 'risk', limit: 50, after },
      null,
    );
    seen.push(...page.items.map((item) => item.id));
    after = page.next;
  }
  expect(seen).toEqual(before.items.slice(0, -1).map((item) => item.id));
});

test('a cursor of another order is refused', async () => {
  const first = await listFindings(database.db, { ...parse({}), sort: 'risk', limit: 5 }, null);
  await expect(
    listFindings(database.db, { ...parse({}), sort: 'newest', limit: 5, after: first.next }, null),
  ).rejects.toThrow('does not belong');
});
