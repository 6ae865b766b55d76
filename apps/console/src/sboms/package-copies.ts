import type { Package } from '@parapet/contract/sbom';

/** As the SBOM schema says. */
const maxFiles = 4096;

/**
 * One package for its copies in several places. The copy that matters most stands for all: one that nothing owns (advisories
 * speak of it), that is really there rather than locked or asked for, that is needed to run. Its files are those of all.
 */
export const joinCopies = (known: Package | undefined, next: Package): Package => {
  if (known === undefined) return next;
  const [first, second] = weightOf(next) > weightOf(known) ? [next, known] : [known, next];
  return { ...first, files: [...new Set([...first.files, ...second.files])].slice(0, maxFiles) };
};

const evidenceWeights = { installed: 3, binary: 3, locked: 2, declared: 1 } as const;

const weightOf = ({ owner, evidence = 'installed', scope }: Package): number =>
  (owner === undefined ? 8 : 0) + evidenceWeights[evidence] * 2 + (scope === undefined ? 1 : 0);

/** Archives and programs in which packages lie: a process that has the file open may run all of them. */
const carrier = /\.(?:jar|war|ear|par|sar|nar|jpi|hpi|kar)$/i;

/** What can be in use of a package: its files, and the archive or program that it was found in. */
export const filesOf = ({ files, location, evidence }: Package): readonly string[] => {
  const [outer = ''] = location.split('!/', 1);
  const isCarried = evidence === 'binary' || (evidence === 'installed' && carrier.test(outer));
  return isCarried && !files.includes(outer) ? [...files.slice(0, maxFiles - 1), outer] : files;
};
