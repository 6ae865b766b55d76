/** Part of the version: another layout of the same data is another file. */
export const layoutVersion = 1;

/**
 * The layout of an advisory database. `entry` is the index that matching lives on, so it is clustered by ecosystem and
 * package; what only a page about one advisory needs lies in `advisory.body`. `entry.decides` is the one vulnerability that a
 * record such as `DEBIAN-CVE-…` is about.
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
  `CREATE TABLE title (vulnerability TEXT PRIMARY KEY, title TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE score (vulnerability TEXT NOT NULL, vector TEXT NOT NULL, version TEXT NOT NULL, score REAL NOT NULL,
     PRIMARY KEY (vulnerability, vector)) WITHOUT ROWID`,
  `CREATE TABLE epss (cve INTEGER PRIMARY KEY, score REAL NOT NULL, percentile REAL NOT NULL)`,
  `CREATE TABLE kev (vulnerability TEXT PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID`,
];

/** `CVE-2023-1234567` as 20230001234567: sorted, and a third of the text's size. `undefined` for what is no CVE id. */
export const cveNumber = (cve: string): number | undefined => {
  const found = /^CVE-(\d{4})-(\d{4,10})$/.exec(cve);
  return found === null ? undefined : Number(found[1]) * 1e10 + Number(found[2]);
};
