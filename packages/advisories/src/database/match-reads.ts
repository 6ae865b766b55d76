import type { DatabaseSync } from 'node:sqlite';
import type {
  AboutVulnerability,
  MatchSource,
  SaidOfVersions,
  StoredAdvisory,
  StoredEntry,
} from '../match/match-source.ts';
import { decodeHead, decodeRanges } from './stored.ts';

/** Vulnerabilities and advisories kept parsed: those of some hundred hosts. Beyond, what was kept is read anew. */
const maxRemembered = 5000;

/**
 * The reads of matching: one statement for all keys of a question, since calls from JavaScript cost more than the rows. Rows are
 * arrays and are not checked: the file is ours, its layout was checked when it was opened, and these are most of the time that
 * matching takes. The file is not mapped into memory, which would save a tenth: a broken disk would then end the process
 * in place of failing a statement.
 */
export const createMatchSource = (
  database: DatabaseSync,
  ecosystems: readonly { readonly name: string; readonly n: number }[],
  kev: MatchSource['kev'],
): MatchSource => {
  const numbers = new Map(ecosystems.map(({ name, n }) => [name, n]));
  const readEntries = reader<EntryArray>(
    database,
    `SELECT entry.package, entry.advisory, entry.ranges, entry.decides
     FROM json_each(?) AS asked CROSS JOIN entry ON entry.package = asked.value AND entry.ecosystem = ?`,
  );
  const readHeads = reader<HeadArray>(
    database,
    'SELECT n, advisory.id, head FROM json_each(?) AS asked CROSS JOIN advisory ON n = asked.value',
  );
  const readAbout = reader<AboutArray>(
    database,
    `SELECT name, title, cvss, epss, percentile
     FROM json_each(?) AS asked CROSS JOIN vulnerability ON name = asked.value`,
  );
  return {
    kev,
    ecosystems: [...numbers.keys()],
    entries: (ecosystem, names) => entriesOf(readEntries([...names], numbers.get(ecosystem) ?? -1)),
    advisories: remember((missing, known) => {
      // In the order of the file, where neighbours share pages.
      for (const row of readHeads(missing.toSorted((a, b) => a - b))) known.set(row[0], advisoryOf(row));
    }),
    about: remember((missing, known) => {
      for (const row of readAbout(missing)) known.set(row[0], aboutOf(row));
    }),
  };
};

type EntryArray = readonly [name: string, advisory: number, ranges: string, decides: string | null];
type HeadArray = readonly [number: number, id: string, head: string];
type AboutArray = readonly [
  name: string,
  title: string | null,
  cvss: string | null,
  epss: number | null,
  percentile: number | null,
];

const reader = <Row>(
  database: DatabaseSync,
  sql: string,
): ((keys: readonly (string | number)[], ...others: readonly number[]) => readonly Row[]) => {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return (keys, ...others) => statement.all(JSON.stringify(keys), ...others) as unknown as readonly Row[];
};

/** An upload of a distribution fixes many vulnerabilities at once: what they say of versions is read once, and the same object. */
const entriesOf = (rows: readonly EntryArray[]): ReadonlyMap<string, readonly StoredEntry[]> => {
  const byName = new Map<string, StoredEntry[]>();
  const decoded = new Map<string, SaidOfVersions>();
  for (const [name, advisory, ranges, decides] of rows) {
    let said = decoded.get(ranges);
    if (said === undefined) {
      said = decodeRanges(ranges);
      decoded.set(ranges, said);
    }
    const entry = { advisory, decides: decides ?? undefined, said };
    const others = byName.get(name);
    if (others === undefined) byName.set(name, [entry]);
    else others.push(entry);
  }
  return byName;
};

const advisoryOf = ([, id, head]: HeadArray): StoredAdvisory => ({ ...decodeHead(head), id });

const aboutOf = ([, title, cvss, epss, percentile]: AboutArray): AboutVulnerability => ({
  cvss: cvss === null ? [] : JSON.parse(cvss),
  ...(title === null ? {} : { title }),
  ...(epss === null || percentile === null ? {} : { epss: { score: epss, percentile } }),
});

/** Answers from what was read before, and reads the rest at once. Beyond the limit everything that was kept is let go. */
const remember = <K, V>(
  read: (missing: readonly K[], known: Map<K, V>) => void,
): ((keys: Iterable<K>) => ReadonlyMap<K, V>) => {
  let known = new Map<K, V>();
  return (keys) => {
    const asked = new Set(keys);
    let missing = [...asked].filter((key) => !known.has(key));
    if (missing.length > 0 && known.size + missing.length > maxRemembered) {
      known = new Map();
      missing = [...asked];
    }
    if (missing.length > 0) read(missing, known);
    return known;
  };
};
