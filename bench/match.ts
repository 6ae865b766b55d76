import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AdvisoryDatabase,
  buildDatabase,
  importBundle,
  openAdvisoryDatabase,
  type SourceFile,
} from '../packages/advisories/src/index.ts';
import { epssGz, kevJson, osvRecord, osvZip } from '../packages/advisories/src/testing/feeds.ts';
import type { Package } from '../packages/contract/src/index.ts';

/** As many records as the sample of real feeds has. */
const recordCount = 50_000;
const scoreCount = 360_000;
const packageCount = 1000;

/**
 * Builds an advisory database of 50,000 records and 360,000 EPSS scores and matches 1,000 packages of a Debian root.
 * Argument: a real bundle to import in place of the made ones.
 */
export const run = async (args: readonly string[]): Promise<Record<string, number | string>> => {
  const folder = await mkdtemp(join(tmpdir(), 'parapet-bench-match-'));
  try {
    const [bundle] = args;
    const start = performance.now();
    const built = bundle === undefined ? await buildMade(folder) : await importBundle(bundle, { databaseDir: folder });
    if (!built.ok) throw new Error(built.error.message);
    const importSeconds = (performance.now() - start) / 1000;
    const openStart = performance.now();
    const opened = openAdvisoryDatabase(built.value.path);
    if (!opened.ok) throw new Error(opened.error.message);
    const openMs = performance.now() - openStart;
    using database = opened.value;
    return {
      feed: bundle === undefined ? 'made' : 'bundle',
      advisories: database.counts.advisories,
      importSeconds,
      databaseMb: built.value.sizeBytes / 1e6,
      openMs,
      ...measureMatching(database),
      peakRssMb: process.resourceUsage().maxRSS / 1000,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const measureMatching = (database: AdvisoryDatabase): Record<string, number> => {
  const packages = madePackages();
  const distribution = { id: 'debian', versionId: '12', name: 'Debian GNU/Linux 12' };
  const times: number[] = [];
  let matches = 0;
  for (let round = 0; round < 20; round += 1) {
    const start = performance.now();
    matches = database.match(packages, distribution).length;
    times.push(performance.now() - start);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return {
    packages: packages.length,
    matches,
    firstMatchMs: times[0] ?? 0,
    matchMs: sorted[sorted.length >> 1] ?? 0,
  };
};

/** Half of them hit, as on a host that nobody updated for a while. */
const madePackages = (): Package[] =>
  Array.from({ length: packageCount }, (_, index) => ({
    purl: `pkg:deb/debian/lib${index}@1.${index % 7}-1?arch=amd64`,
    type: 'dpkg',
    name: `lib${index}`,
    version: `1.${index % 7}-1`,
    source: { name: `source${index >> 1}`, version: `1.${index % 7}-1` },
    licences: [],
    location: '/var/lib/dpkg/status',
    files: [],
  }));

const cve = (index: number): string => `CVE-${2015 + (index % 12)}-${10_000 + index}`;

const buildMade = async (
  folder: string,
): Promise<ReturnType<typeof buildDatabase> extends Promise<infer R> ? R : never> => {
  const records = Array.from({ length: recordCount }, (_, index) =>
    osvRecord(
      `DEBIAN-${cve(index)}`,
      `Debian:${11 + (index % 3)}`,
      `source${index % 8000}`,
      [{ introduced: '0' }, { fixed: `1.${index % 9}-1` }],
      { upstream: [cve(index)], details: 'A made record. '.repeat(20) },
    ),
  );
  const scores = Array.from(
    { length: scoreCount },
    (_, index) => [cve(index), (index % 1000) / 1000, (index % 1000) / 1000] as const,
  );
  const files = [
    await sourceFile(folder, 'osv/Debian', osvZip(records)),
    await sourceFile(folder, 'epss', epssGz(scores)),
    await sourceFile(folder, 'kev', Buffer.from(kevJson(Array.from({ length: 1500 }, (_, index) => cve(index * 7))))),
  ];
  return buildDatabase({
    files,
    databaseDir: folder,
    origin: 'bundle',
    onBroken: () => 'give-up',
    signal: new AbortController().signal,
    onProgress: () => {},
  });
};

const sourceFile = async (folder: string, id: string, content: Buffer): Promise<SourceFile> => {
  const path = join(folder, id.replace('/', '-'));
  await writeFile(path, content);
  return { id, path, sizeBytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
};
