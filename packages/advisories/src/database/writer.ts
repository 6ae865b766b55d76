import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Result } from '@parapet/core';
import type { DatabaseCounts } from '../model.ts';
import type { AdvisoryRecord, FeedSink } from '../sources/source.ts';
import { createStatements, cveNumber, gatherStatements, temporaryStatements } from './schema.ts';
import { encodeRanges, type StoredBody, type StoredHead } from './stored.ts';

export type DatabaseWriter = Disposable & {
  readonly sink: FeedSink;
  /** Keeps what `action` writes only when it succeeds. */
  readonly attempt: <T>(action: () => Promise<Result<T>>) => Promise<Result<T>>;
  readonly setMeta: (key: string, value: unknown) => void;
  readonly counts: () => DatabaseCounts;
  /** Makes the file complete and durable. */
  readonly finish: () => void;
};

/** Writes a new advisory database at `path`, which must not exist. One transaction; memory bounded by SQLite's page cache. */
export const createDatabaseWriter = (path: string): DatabaseWriter => {
  const database = new DatabaseSync(path);
  // A crash leaves a temporary file that nobody opens; the journal only serves to take a broken source back.
  database.exec('PRAGMA journal_mode = MEMORY');
  database.exec('PRAGMA synchronous = OFF');
  database.exec('PRAGMA cache_size = -65536');
  database.exec('PRAGMA locking_mode = EXCLUSIVE');
  for (const statement of [...createStatements, ...temporaryStatements]) database.exec(statement);
  database.exec('BEGIN');
  const write = createWrites(database);
  return {
    sink: {
      advisory: write.advisory,
      knownExploited: (entry) => write.statements.kev.run(entry.vulnerability, JSON.stringify(entry)),
      epss: (cve, score, percentile) => {
        const number = cveNumber(cve);
        if (number !== undefined) write.statements.epss.run(number, score, percentile);
      },
    },
    attempt: async (action) => {
      database.exec('SAVEPOINT source');
      const mark = write.mark();
      const outcome = await action();
      if (!outcome.ok) {
        database.exec('ROLLBACK TO source');
        write.reset(mark);
      }
      database.exec('RELEASE source');
      return outcome;
    },
    setMeta: (key, value) => write.statements.meta.run(key, JSON.stringify(value)),
    counts: () => countRows(database),
    finish: () => {
      for (const statement of gatherStatements) database.exec(statement);
      database.exec('COMMIT');
      database.exec('PRAGMA optimize');
    },
    [Symbol.dispose]: () => database.close(),
  };
};

type Statements = Readonly<Record<keyof typeof sql, StatementSync>>;

const sql = {
  meta: 'INSERT OR REPLACE INTO meta VALUES (?, ?)',
  ecosystem: 'INSERT INTO ecosystem VALUES (?, ?, 0)',
  advisory: 'INSERT INTO advisory VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
  entry: 'INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?, ?)',
  spoken: 'INSERT OR IGNORE INTO spoken VALUES (?)',
  title: 'INSERT OR IGNORE INTO title VALUES (?, ?)',
  name: 'INSERT OR IGNORE INTO name VALUES (?, ?)',
  package: 'INSERT OR IGNORE INTO package VALUES (?, ?)',
  score: 'INSERT OR IGNORE INTO score VALUES (?, ?, ?, ?)',
  epss: 'INSERT OR REPLACE INTO epss VALUES (?, ?, ?)',
  kev: 'INSERT OR REPLACE INTO kev VALUES (?, ?)',
} as const;

const prepareAll = (database: DatabaseSync): Statements => ({
  meta: database.prepare(sql.meta),
  ecosystem: database.prepare(sql.ecosystem),
  advisory: database.prepare(sql.advisory),
  entry: database.prepare(sql.entry),
  name: database.prepare(sql.name),
  package: database.prepare(sql.package),
  spoken: database.prepare(sql.spoken),
  title: database.prepare(sql.title),
  score: database.prepare(sql.score),
  epss: database.prepare(sql.epss),
  kev: database.prepare(sql.kev),
});

/** The numbers given so far, to be taken back with a savepoint. */
type Mark = { readonly advisories: number; readonly ecosystems: number };

const createWrites = (database: DatabaseSync) => {
  const statements = prepareAll(database);
  let advisories = 0;
  let ecosystems = new Map<string, number>();

  const ecosystemNumber = (name: string): number => {
    const known = ecosystems.get(name);
    if (known !== undefined) return known;
    const number = ecosystems.size + 1;
    statements.ecosystem.run(number, name);
    ecosystems.set(name, number);
    return number;
  };

  const writeEntries = (record: AdvisoryRecord, number: number): void => {
    const decides = decidedBy(record) ?? null;
    for (const [part, { ecosystem, name, ...ranges }] of record.affected.entries()) {
      statements.entry.run(ecosystemNumber(ecosystem), name, number, part, encodeRanges(ranges), decides);
    }
    for (const name of new Set(record.affected.map((affected) => affected.name))) statements.package.run(name, number);
  };

  const writeVulnerability = (vulnerability: string, record: AdvisoryRecord): void => {
    if (record.summary !== '') statements.title.run(vulnerability, record.summary);
    for (const { vector, version, score } of record.cvss) statements.score.run(vulnerability, vector, version, score);
  };

  return {
    statements,
    /** An id that is there already (the same record in two exports) is left as it is. */
    advisory: (record: AdvisoryRecord): void => {
      const number = advisories + 1;
      const { changes } = statements.advisory.run(
        number,
        record.id,
        JSON.stringify(headOf(record)),
        JSON.stringify(bodyOf(record)),
      );
      if (changes === 0) return;
      advisories = number;
      writeEntries(record, number);
      for (const name of new Set([record.id, ...record.vulnerabilities, ...record.aliases])) {
        statements.name.run(name, number);
      }
      for (const name of record.vulnerabilities) statements.spoken.run(name);
      const [vulnerability, ...others] = record.vulnerabilities;
      if (vulnerability !== undefined && others.length === 0) writeVulnerability(vulnerability, record);
    },
    mark: (): Mark => ({ advisories, ecosystems: ecosystems.size }),
    reset: (mark: Mark): void => {
      advisories = mark.advisories;
      ecosystems = new Map([...ecosystems].slice(0, mark.ecosystems));
    },
  };
};

/** The vulnerability that a record of just one, named after it (`DEBIAN-CVE-…`), decides about; see `judge` in matching. */
const decidedBy = ({ id, vulnerabilities: [vulnerability, ...others] }: AdvisoryRecord): string | undefined =>
  others.length === 0 && vulnerability !== undefined && id.endsWith(`-${vulnerability}`) ? vulnerability : undefined;

const headOf = (record: AdvisoryRecord): StoredHead => ({
  vulnerabilities: [...record.vulnerabilities],
  aliases: [...record.aliases],
  summary: record.summary,
  cvss: [...record.cvss],
  exploits: record.references.filter(isExploit).map(({ url }) => url),
  ...(record.publishedSeverity === undefined ? {} : { publishedSeverity: record.publishedSeverity }),
  ...(record.published === undefined ? {} : { published: record.published }),
});

const bodyOf = (record: AdvisoryRecord): StoredBody => ({
  details: record.details,
  references: [...record.references],
  ...(record.modified === undefined ? {} : { modified: record.modified }),
});

/** `EVIDENCE` is OSV's type for a demonstration; the hosts are archives of exploits. */
const isExploit = ({ type, url }: { readonly type: string; readonly url: string }): boolean =>
  type === 'EVIDENCE' || /^https?:\/\/(?:www\.)?(?:exploit-db\.com|packetstormsecurity\.com\/files)\//.test(url);

const countRows = (database: DatabaseSync): DatabaseCounts => {
  const count = (table: string): number => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? 0);
  return {
    advisories: count('advisory'),
    affected: count('entry'),
    knownExploited: count('kev'),
    epssScores: count('epss'),
  };
};
