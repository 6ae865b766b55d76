import type { Distribution, Package, Sbom } from '@parapet/contract';
import { type Clock, type Problem, problem, programVersion, systemClock } from '@parapet/core';
import { completePackage } from './complete-package.ts';
import { detectDistribution } from './distribution/detect.ts';
import { endOfLifeOf } from './distribution/end-of-life.ts';
import type { DatabaseExtractor, ExtractContext, Extraction } from './extractors/extractor.ts';
import { findMergedFolders } from './extractors/owned-files.ts';
import { databaseExtractors, fileExtractors } from './extractors/registry.ts';
import { bitnamiFolder } from './extractors/sbom-document/format.ts';
import type { FileSystem } from './file-system/file-system.ts';
import { layersElsewhere } from './local-images/configured-root.ts';
import { createOwners } from './owners.ts';
import type { FileReading } from './walk/read-file.ts';
import { skipsOf } from './walk/skipped.ts';
import { type WalkLimits, walkFiles } from './walk/walk-files.ts';

export type CreateSbomOptions = {
  readonly target: Sbom['target'];
  readonly fileSystem: FileSystem;
  readonly signal?: AbortSignal;
  /** Problems met before, e.g. while an archive was read. */
  readonly problems?: readonly Problem[];
  readonly clock?: Clock;
  readonly walkLimits?: Partial<WalkLimits>;
};

/** As the SBOM schema says. */
const maxPackages = 100_000;
const maxProblems = 1000;

/**
 * Makes the SBOM of a target: its files are walked once, then the databases of its distribution are read, which say who owns
 * what the walk found. What cannot be read becomes a problem and the rest goes on; `status` is `failed` when problems are all
 * there is. Rejects only when the signal aborts.
 */
export const createSbom = async (options: CreateSbomOptions): Promise<Sbom> => {
  const { fileSystem, target } = options;
  const signal = options.signal ?? new AbortController().signal;
  signal.throwIfAborted();
  const distribution = await detectDistribution(fileSystem);
  const walked = await walkFiles({
    fileSystem,
    extractors: fileExtractors.filter(({ onlyInImages }) => onlyInImages !== true || isImage(target.kind)),
    skips: skipsOf(target.kind, target.kind === 'host' ? await layersElsewhere(fileSystem) : []),
    signal,
    ...(options.walkLimits === undefined ? {} : { limits: options.walkLimits }),
  });
  const owners = createOwners(
    walked.readings.map(({ path }) => path),
    await findMergedFolders(fileSystem),
  );
  const context: ExtractContext = { fileSystem, distribution, signal, claim: owners.claim };
  const extractions: Extraction[] = [];
  for (const extractor of databaseExtractors) {
    signal.throwIfAborted();
    extractions.push(await runExtractor(extractor, context));
  }
  const described = walked.readings.flatMap(({ path }) => bitnamiFolder(path) ?? []);
  const isDescribed = ({ extractor, path }: FileReading): boolean =>
    extractor.onlyUnowned === true && described.some((folder) => path.startsWith(`${folder}/`));
  const packages = distinct([
    ...extractions.flatMap((extraction) => extraction.packages),
    ...walked.readings
      .filter((reading) => !isDescribed(reading))
      .flatMap((reading) =>
        reading.packages.flatMap((found) => completePackage(reading, found, owners.ownerOf(reading.path)) ?? []),
      ),
  ]);
  const problems = [
    ...(options.problems ?? []),
    ...extractions.flatMap((extraction) => extraction.problems),
    ...walked.problems,
  ];
  const now = (options.clock ?? systemClock).now();
  const system = distribution ?? busyboxOf(packages);
  const leftOut = walked.leftOut + Math.max(0, packages.length - maxPackages);
  if (leftOut > 0) problems.unshift(problem('too-many', `${leftOut} packages beyond ${maxPackages} are left out.`));
  return {
    format: 'parapet-sbom/1',
    status: problems.length === 0 ? 'succeeded' : packages.length === 0 ? 'failed' : 'partial',
    target: { kind: target.kind, name: target.name.slice(0, 1024) },
    createdAt: new Date(now).toISOString(),
    scanner: programVersion,
    ...(system === undefined ? {} : { distribution: system }),
    packages: packages.slice(0, maxPackages),
    problems: boundedProblems([...problems, ...warningsOf(system, now)]),
  };
};

/** What people should know of a target that was read to its end: it leaves the status as it is. */
const warningsOf = (distribution: Distribution | undefined, now: number): readonly Problem[] => {
  const reason = distribution === undefined ? undefined : endOfLifeOf(distribution, now);
  return reason === undefined ? [] : [problem('end-of-life', `${distribution?.name} has had ${reason}.`)];
};

/** A root without release files whose tools are those of BusyBox is a system of its version. */
const busyboxOf = (packages: readonly Package[]): Distribution | undefined => {
  const found = packages.find(
    ({ name, foundBy, location }) =>
      name === 'busybox' && foundBy === 'known-program' && /^(?:\/usr)?\/bin\/[^/]+$/.test(location),
  );
  return found === undefined
    ? undefined
    : { id: 'busybox', versionId: found.version, name: `BusyBox ${found.version}` };
};

const isImage = (kind: Sbom['target']['kind']): boolean => kind !== 'host' && kind !== 'directory';

/** A bug in one extractor costs its packages, not the SBOM. */
const runExtractor = async (extractor: DatabaseExtractor, context: ExtractContext): Promise<Extraction> => {
  try {
    return await extractor.extract(context);
  } catch (error) {
    context.signal.throwIfAborted();
    return {
      packages: [],
      problems: [problem('extractor-failed', `The ${extractor.name} packages could not be read: ${String(error)}`)],
    };
  }
};

/** One for each package URL and place. What is needed to run, or by the project itself, counts over what is not. */
const distinct = (packages: readonly Package[]): Package[] => {
  const known = new Map<string, Package>();
  for (const found of packages) {
    const key = `${found.purl} ${found.location}`;
    const other = known.get(key);
    known.set(key, other === undefined ? found : joined(other, found));
  }
  return [...known.values()];
};

const joined = (first: Package, second: Package): Package => {
  const { scope, ...rest } = first;
  const isForRunning = scope === undefined || second.scope === undefined;
  return {
    ...rest,
    ...(isForRunning ? {} : { scope }),
    ...(second.isDirect === true ? { isDirect: true } : {}),
  };
};

const boundedProblems = (problems: readonly Problem[]): Sbom['problems'] => {
  const shown = problems.slice(0, maxProblems).map(({ code, message, at }) => ({
    code: code.slice(0, 128),
    message: message.slice(0, 2048),
    ...(at === undefined ? {} : { at: at.slice(0, 4096) }),
  }));
  const hidden = problems.length - maxProblems;
  return hidden > 0
    ? [...shown.slice(0, -1), { code: 'more-problems', message: `${hidden + 1} more problems are not listed.` }]
    : shown;
};
