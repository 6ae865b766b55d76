import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  buildDatabase,
  importBundle,
  openAdvisoryDatabase,
  type SourceFile,
} from '../packages/advisories/src/index.ts';
import { epssGz, kevJson, osvRecord, osvZip } from '../packages/advisories/src/testing/feeds.ts';
import type { Package } from '../packages/contract/src/index.ts';
import { createSbom, openDirectory } from '../packages/sbom/src/index.ts';

/** As many records as the sample of real feeds has. */
const recordCount = 50_000;
const scoreCount = 360_000;
const packageCount = 1000;

/**
 * Builds an advisory database of 50,000 records and 360,000 EPSS scores, matches 1,000 packages of a Debian root (cold and warm,
 * and cold in a process of its own), and a sample of the SBOMs of a fleet.
 * Argument: a real bundle to import in place of the made ones, or `opened=PATH` to match the made packages once in this process
 * against a database that lies there.
 */
export const run = async (args: readonly string[]): Promise<Record<string, number | string>> => {
  const [bundle] = args;
  if (bundle?.startsWith('opened=') === true) return measureOnce(bundle.slice('opened='.length));
  const folder = await mkdtemp(join(tmpdir(), 'parapet-bench-match-'));
  try {
    const files = bundle === undefined ? await makeFiles(folder) : [];
    const start = performance.now();
    const startCpu = process.cpuUsage();
    const built =
      bundle === undefined
        ? await buildDatabase({
            files,
            databaseDir: folder,
            origin: 'bundle',
            onBroken: () => 'give-up',
            signal: new AbortController().signal,
            onProgress: () => {},
          })
        : await importBundle(bundle, { databaseDir: folder });
    const importSeconds = (performance.now() - start) / 1000;
    const importCpuSeconds = cpuMsSince(startCpu) / 1000;
    if (!built.ok) throw new Error(built.error.message);
    const fleet = measureFleet(built.value.path);
    return {
      feed: bundle === undefined ? 'made' : 'bundle',
      advisories: built.value.counts.advisories,
      importSeconds,
      databaseMb: built.value.sizeBytes / 1e6,
      ...(bundle === undefined ? {} : { importPeakRssMb: process.resourceUsage().maxRSS / 1000 }),
      importCpuSeconds,
      ...fleet,
      ...measureMatching(built.value.path, bundle === undefined ? madePackages() : await hostPackages()),
      ...(await measureInNewProcesses(built.value.path)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const cpuMsSince = (start: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
};

/** SBOMs of a fleet: images share most of their packages, each has some of its own. */
const sampleSboms = 2000;
const fleetSboms = 100_000;
const sharedPackages = 20_000;
const packagesEach = 400;

/**
 * Matches stored SBOMs one after the other against a database that was just opened, as after a new feed. Each has 400
 * packages: nine in ten out of 20,000 that the fleet shares (common ones more often), the others its own.
 */
const measureFleet = (path: string): Record<string, number> => {
  const opened = openAdvisoryDatabase(path);
  if (!opened.ok) throw new Error(opened.error.message);
  using database = opened.value;
  const random = createRandom(7);
  let matches = 0;
  let cpuMs = 0;
  for (let index = 0; index < sampleSboms; index += 1) {
    const packages = fleetPackages(index, random);
    const start = process.cpuUsage();
    matches += database.match(packages, debian).length;
    cpuMs += cpuMsSince(start);
  }
  return {
    fleetSampleSboms: sampleSboms,
    fleetMatchesEach: matches / sampleSboms,
    fleetCpuMsEach: cpuMs / sampleSboms,
    fleetOf100000CpuMinutes: (cpuMs / sampleSboms) * (fleetSboms / 60_000),
    fleetRssMb: process.memoryUsage().rss / 1e6,
  };
};

const fleetPackages = (sbom: number, random: () => number): Package[] =>
  Array.from({ length: packagesEach }, (_, index) => {
    const isOwn = index % 10 === 0;
    // The square makes low numbers common: every image has the C library, few have the rest.
    const number = isOwn ? sbom * 40 + index : Math.floor(random() ** 2 * sharedPackages);
    return madePackage(isOwn ? `own${number}` : `lib${number}`, number >> 1, number % 7);
  });

/** Deterministic: the same fleet in every run. */
const createRandom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
};

const rounds = 15;
const debian = { id: 'debian', versionId: '12', name: 'Debian GNU/Linux 12' };

/** Cold: a database that was just opened, in a process that matched before. Warm: the same packages again, as on the next host of a fleet. */
const measureMatching = (path: string, packages: readonly Package[]): Record<string, number> => {
  const openTimes: number[] = [];
  const coldTimes: number[] = [];
  const warmTimes: number[] = [];
  const cpuTimes: number[] = [];
  let matches = 0;
  for (let round = 0; round < rounds; round += 1) {
    const opened = timed(openTimes, () => openAdvisoryDatabase(path));
    if (!opened.ok) throw new Error(opened.error.message);
    using database = opened.value;
    const start = process.cpuUsage();
    matches = timed(coldTimes, () => database.match(packages, debian)).length;
    cpuTimes.push(cpuMsSince(start));
    timed(warmTimes, () => database.match(packages, debian));
  }
  return {
    packages: packages.length,
    matches,
    openMs: median(openTimes),
    firstMatchMs: coldTimes[0] ?? 0,
    matchMs: median(coldTimes),
    matchCpuMs: median(cpuTimes),
    warmMatchMs: median(warmTimes),
  };
};

const processes = 5;

/** The first match of a process, whose code is not compiled yet, either: what a scan on the command line has. */
const measureInNewProcesses = async (path: string): Promise<Record<string, number>> => {
  const program = [join(import.meta.dirname, 'run.ts'), 'match', `opened=${path}`];
  const times: number[] = [];
  for (let round = 0; round < processes; round += 1) {
    const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, ...program]);
    times.push(JSON.parse(stdout).figures.matchMs);
  }
  return { newProcessMatchMs: median(times) };
};

const measureOnce = (path: string): Record<string, number> => {
  const opened = openAdvisoryDatabase(path);
  if (!opened.ok) throw new Error(opened.error.message);
  using database = opened.value;
  const packages = madePackages();
  const start = performance.now();
  const matches = database.match(packages, debian).length;
  return { matches, matchMs: performance.now() - start };
};

const timed = <T>(times: number[], action: () => T): T => {
  const start = performance.now();
  const result = action();
  times.push(performance.now() - start);
  return result;
};

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;

/** With real advisories the packages are real, too. */
const hostPackages = async (): Promise<readonly Package[]> => {
  const opened = await openDirectory('/');
  if (!opened.ok) throw new Error(opened.error.message);
  await using fileSystem = opened.value;
  const sbom = await createSbom({ target: { kind: 'host', name: 'bench' }, fileSystem });
  return sbom.packages;
};

/** Half of them hit, as on a host that nobody updated for a while. */
const madePackages = (): Package[] =>
  Array.from({ length: packageCount }, (_, index) => madePackage(`lib${index}`, index >> 1, index % 7));

const madePackage = (name: string, source: number, minor: number): Package => ({
  purl: `pkg:deb/debian/${name}@1.${minor}-1?arch=amd64`,
  type: 'dpkg',
  name,
  version: `1.${minor}-1`,
  source: { name: `source${source}`, version: `1.${minor}-1` },
  licences: [],
  location: '/var/lib/dpkg/status',
  files: [],
});

const cve = (index: number): string => `CVE-${2015 + (index % 12)}-${10_000 + index}`;

const makeFiles = async (folder: string): Promise<SourceFile[]> => {
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
  return [
    await sourceFile(folder, 'osv/Debian', osvZip(records)),
    await sourceFile(folder, 'epss', epssGz(scores)),
    await sourceFile(folder, 'kev', Buffer.from(kevJson(Array.from({ length: 1500 }, (_, index) => cve(index * 7))))),
  ];
};

const sourceFile = async (folder: string, id: string, content: Buffer): Promise<SourceFile> => {
  const path = join(folder, id.replace('/', '-'));
  await writeFile(path, content);
  return { id, path, sizeBytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
};
