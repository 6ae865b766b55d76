/** Part of the version: another layout of the same data is another file. */
export const layoutVersion = 3;

/**
 * The layout of an advisory database. `entry` is the index that matching lives on, so it is clustered by ecosystem and
 * package (in the spelling of
 * `normaliseName`); what only a page about one advisory needs lies in `advisory.body`. `entry.decides` is the one vulnerability that a
 * record such as `DEBIAN-CVE-…` is about. `vulnerability` has in one row what all sources together say of it.
 */
export const createStatements: readonly string[] = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE ecosystem (n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, entries INTEGER NOT NULL)`,
  `CREATE TABLE advisory (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, head TEXT NOT NULL, body TEXT NOT NULL)`,
  `CREATE TABLE entry (
     ecosystem INTEGER NOT NULL, package TEXT NOT NULL, advisory INTEGER NOT NULL, part INTEGER NOT NULL,
     ranges TEXT NOT NULL, decides TEXT,
     PRIMARY KEY (ecosystem, package, advisory, part)
   ) WITHOUT ROWID`,
  `CREATE TABLE name (name TEXT NOT NULL, advisory INTEGER NOT NULL, PRIMARY KEY (name, advisory)) WITHOUT ROWID`,
  `CREATE TABLE package (name TEXT NOT NULL, advisory INTEGER NOT NULL, PRIMARY KEY (name, advisory)) WITHOUT ROWID`,
  `CREATE INDEX package_of_advisory ON package (advisory)`,
  `CREATE TABLE vulnerability (name TEXT PRIMARY KEY, title TEXT, cvss TEXT, epss REAL, percentile REAL) WITHOUT ROWID`,
  `CREATE TABLE epss (cve INTEGER PRIMARY KEY, score REAL NOT NULL, percentile REAL NOT NULL)`,
  `CREATE TABLE kev (vulnerability TEXT PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID`,
];

/** While the database is built: what single records say of vulnerabilities. */
export const temporaryStatements: readonly string[] = [
  `CREATE TEMP TABLE spoken (vulnerability TEXT PRIMARY KEY) WITHOUT ROWID`,
  `CREATE TEMP TABLE title (vulnerability TEXT PRIMARY KEY, title TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE TEMP TABLE score (vulnerability TEXT NOT NULL, vector TEXT NOT NULL, version TEXT NOT NULL, score REAL NOT NULL,
     PRIMARY KEY (vulnerability, vector)) WITHOUT ROWID`,
];

/** At the end: joins what was gathered. The number of a CVE is that of `cveNumber`. */
export const gatherStatements: readonly string[] = [
  `INSERT INTO vulnerability
     SELECT spoken.vulnerability, title.title, scores.cvss, epss.score, epss.percentile
     FROM spoken LEFT JOIN title USING (vulnerability)
     LEFT JOIN (
       SELECT vulnerability, json_group_array(json_object('version', version, 'vector', vector, 'score', score)) AS cvss
       FROM (SELECT * FROM score ORDER BY vulnerability, version DESC, vector) GROUP BY vulnerability
     ) AS scores USING (vulnerability)
     LEFT JOIN epss ON spoken.vulnerability GLOB 'CVE-[0-9][0-9][0-9][0-9]-[0-9]*'
       AND epss.cve = CAST(substr(spoken.vulnerability, 5, 4) AS INTEGER) * 10000000000
         + CAST(substr(spoken.vulnerability, 10) AS INTEGER)`,
  'UPDATE ecosystem SET entries = (SELECT count(*) FROM entry WHERE entry.ecosystem = ecosystem.n)',
];

/** `CVE-2023-1234567` as 20230001234567: sorted, and a third of the text's size. `undefined` for what is no CVE id. */
export const cveNumber = (cve: string): number | undefined => {
  const found = /^CVE-(\d{4})-(\d{4,10})$/.exec(cve);
  return found === null ? undefined : Number(found[1]) * 1e10 + Number(found[2]);
};
