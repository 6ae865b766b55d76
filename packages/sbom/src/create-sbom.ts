import type { Package, Sbom } from '@parapet/contract';
import { type Clock, type Problem, problem, systemClock } from '@parapet/core';
import { detectDistribution } from './distribution/detect.ts';
import type { ExtractContext, Extraction, Extractor } from './extractors/extractor.ts';
import { extractors } from './extractors/registry.ts';
import type { FileSystem } from './file-system/file-system.ts';

export type CreateSbomOptions = {
  readonly target: Sbom['target'];
  readonly fileSystem: FileSystem;
  readonly signal?: AbortSignal;
  /** Problems met before, e.g. while an archive was read. */
  readonly problems?: readonly Problem[];
  readonly clock?: Clock;
};

/** As the SBOM schema says. */
const maxPackages = 100_000;
const maxProblems = 1000;

/**
 * Makes the SBOM of a target. What cannot be read becomes a problem in it and the rest goes on; `status` is `failed` when
 * problems are all there is. Rejects only when the signal aborts.
 */
export const createSbom = async (options: CreateSbomOptions): Promise<Sbom> => {
  const { fileSystem } = options;
  const signal = options.signal ?? new AbortController().signal;
  const distribution = await detectDistribution(fileSystem);
  const context: ExtractContext = { fileSystem, distribution, signal };
  const extractions: Extraction[] = [];
  for (const extractor of extractors) {
    signal.throwIfAborted();
    extractions.push(await runExtractor(extractor, context));
  }
  const packages = distinct(extractions.flatMap((extraction) => extraction.packages));
  const problems = [...(options.problems ?? []), ...extractions.flatMap((extraction) => extraction.problems)];
  if (packages.length > maxPackages) {
    problems.unshift(
      problem('too-many', `${packages.length - maxPackages} packages beyond ${maxPackages} are left out.`),
    );
  }
  return {
    format: 'parapet-sbom/1',
    status: problems.length === 0 ? 'succeeded' : packages.length === 0 ? 'failed' : 'partial',
    target: { kind: options.target.kind, name: options.target.name.slice(0, 1024) },
    createdAt: new Date((options.clock ?? systemClock).now()).toISOString(),
    ...(distribution === undefined ? {} : { distribution }),
    packages: packages.slice(0, maxPackages),
    problems: boundedProblems(problems),
  };
};

/** A bug in one extractor costs its packages, not the SBOM. */
const runExtractor = async (extractor: Extractor, context: ExtractContext): Promise<Extraction> => {
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

const distinct = (packages: readonly Package[]): Package[] => [
  ...new Map(packages.map((found) => [`${found.purl} ${found.location}`, found])).values(),
];

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
