import { copyFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AdvisoryDatabase } from '../model.ts';
import { databaseOf } from '../testing/database.ts';
import { osvRecord } from '../testing/feeds.ts';
import { createScratch } from '../testing/scratch.ts';
import { versionOf } from './build.ts';
import { openAdvisoryDatabase } from './open.ts';

const scratch = createScratch();
let database: AdvisoryDatabase;

beforeAll(async () => {
  database = await databaseOf(scratch, {
    records: [
      osvRecord('GHSA-aaaa-bbbb-cccc', 'Debian:12', 'libexpat', [{ introduced: '1.0' }, { fixed: '2.0' }], {
        aliases: ['CVE-2026-1111'],
        summary: 'An overflow',
        details: 'More about it.',
        references: [{ type: 'WEB', url: 'https://example.org/1' }],
      }),
      osvRecord('DSA-5001-1', 'Debian:12', 'expat', [{ introduced: '0' }, { fixed: '2.0-1' }], {
        upstream: ['CVE-2026-1111', 'CVE-2026-2222'],
      }),
      osvRecord('DSA-5001-1', 'Debian:12', 'repeated', [{ introduced: '0' }]),
    ],
    exploited: ['CVE-2026-2222'],
    scores: [['CVE-2026-1111', 0.25, 0.75]],
  });
});
afterAll(() => {
  database.close();
  scratch[Symbol.dispose]();
});

describe('an advisory database', () => {
  it('says what is in it', () => {
    expect(database.version).toMatch(/^advisories-[0-9a-f]{16}$/);
    expect(database.counts).toEqual({ advisories: 2, affected: 2, knownExploited: 1, epssScores: 1 });
    expect(database.sources.map(({ id, records, dataAt }) => [id, records, dataAt])).toEqual([
      ['osv/Debian', 3, undefined],
      ['kev', 1, '2026-10-05T12:00:00.000Z'],
      ['epss', 1, '2026-10-06T00:00:00.000Z'],
    ]);
  });

  it('shows an advisory whole', () => {
    expect(database.advisory('GHSA-aaaa-bbbb-cccc')).toEqual({
      id: 'GHSA-aaaa-bbbb-cccc',
      vulnerabilities: ['CVE-2026-1111'],
      aliases: ['CVE-2026-1111'],
      summary: 'An overflow',
      details: 'More about it.',
      references: [{ type: 'WEB', url: 'https://example.org/1' }],
      cvss: [],
      published: '2026-09-01T00:00:00.000Z',
      modified: '2026-10-01T00:00:00.000Z',
      affected: [{ ecosystem: 'Debian:12', package: 'libexpat', ranges: ['>= 1.0, < 2.0'] }],
    });
    expect(database.advisory('nothing')).toBeUndefined();
  });

  it('finds every advisory of a vulnerability', () => {
    expect(
      database
        .advisoriesOf('CVE-2026-1111')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['DSA-5001-1', 'GHSA-aaaa-bbbb-cccc']);
    expect(database.advisoriesOf('CVE-2026-2222').map(({ id }) => id)).toEqual(['DSA-5001-1']);
    expect(database.advisoriesOf('CVE-1999-0001')).toEqual([]);
  });

  it('looks up exploitation', () => {
    expect(database.kev('CVE-2026-2222')).toMatchObject({ dateAdded: '2026-10-02' });
    expect(database.kev('CVE-2026-1111')).toBeUndefined();
    expect(database.epss('CVE-2026-1111')).toEqual({ score: 0.25, percentile: 0.75 });
    expect(database.epss('GHSA-aaaa-bbbb-cccc')).toBeUndefined();
  });

  it.each([
    ['cve-2026-1', ['DSA-5001-1', 'GHSA-aaaa-bbbb-cccc']],
    ['libex', ['GHSA-aaaa-bbbb-cccc']],
    ['dsa-', ['DSA-5001-1']],
    ['ghsa-AAAA', ['GHSA-aaaa-bbbb-cccc']],
    ['GHSA-aaaa-b', ['GHSA-aaaa-bbbb-cccc']],
    ['', []],
    ['%', []],
    ["' OR 1=1 --", []],
  ])('searches for %j', (query, expected) => {
    expect(
      database
        .search(query)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(expected);
  });

  it('holds to the limit of a search', () => expect(database.search('cve', 1)).toHaveLength(1));

  it('is read by several at once, also when its file is gone', async () => {
    const copy = join(dirname(database.path), 'copy.db');
    await copyFile(database.path, copy);
    const opened = [openAdvisoryDatabase(copy), openAdvisoryDatabase(copy)];
    const ids = (result: (typeof opened)[number]) =>
      result.ok ? result.value.search('cve', 2).map(({ id }) => id) : [];
    const first = opened.map(ids);
    await rm(copy);
    expect(first[0]).toHaveLength(2);
    expect([...first, ...opened.map(ids)]).toEqual(Array.from({ length: 4 }, () => first[0]));
    for (const result of opened) if (result.ok) result.value.close();
  });

  it('is opened by its path, whatever characters that has', async () => {
    const odd = join(dirname(database.path), 'a?mode=rwc#b %20.db');
    await copyFile(database.path, odd);
    const opened = openAdvisoryDatabase(odd);
    if (!opened.ok) throw new Error(opened.error.message);
    expect(opened.value.version).toBe(database.version);
    opened.value.close();
  });

  it('can be closed twice', async () => {
    const opened = openAdvisoryDatabase(database.path);
    if (!opened.ok) throw new Error(opened.error.message);
    opened.value.close();
    opened.value.close();
  });
});

describe('what is no advisory database', () => {
  it.each([
    ['is missing', () => `${scratch.folder}/missing.db`],
    ['is text', () => scratch.put('text.db', 'hello'.repeat(1000))],
    ['is empty', () => scratch.put('empty.db', '')],
    [
      'has another layout',
      () => {
        const path = `${scratch.folder}/layout.db`;
        const other = new DatabaseSync(path);
        other.exec("CREATE TABLE meta (key TEXT, value TEXT); INSERT INTO meta VALUES ('layout', '999')");
        other.close();
        return path;
      },
    ],
  ])('%s', (_name, path) => {
    expect(openAdvisoryDatabase(path())).toMatchObject({ ok: false, error: { code: 'not-a-database' } });
  });
});

describe('the version', () => {
  const files = [
    { id: 'kev', sha256: 'a'.repeat(64) },
    { id: 'epss', sha256: 'b'.repeat(64) },
  ];

  it('depends on the data only, in any order', () => {
    expect(versionOf(files)).toBe(versionOf(files.toReversed()));
    expect(versionOf(files)).not.toBe(versionOf(files.slice(1)));
    expect(versionOf(files)).not.toBe(versionOf(files.map((file) => ({ ...file, sha256: 'c'.repeat(64) }))));
  });
});
