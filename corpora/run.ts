import { knownMisses } from './known-misses.ts';
import { locateSet } from './locate.ts';
import type { SetScore } from './score.ts';
import { runMatchlogic } from './sets/matchlogic/index.ts';
import { runVulnSbom } from './sets/vuln-sbom/index.ts';

/*
 * Runs an outside acceptance set: `npm run corpora -- SET`. Prints one JSON document; exit code 0 when every miss is explained
 * in known-misses.ts, 1 otherwise, 2 when the set cannot be run.
 */
const sets: Readonly<Record<string, (folder: string) => Promise<SetScore>>> = {
  matchlogic: runMatchlogic,
  'vuln-sbom': runVulnSbom,
};

/** Misses that are printed; all are counted. */
const maxShown = 200;

const main = async (set: string | undefined): Promise<number> => {
  const run = set === undefined ? undefined : sets[set];
  if (set === undefined || run === undefined) {
    console.error(`Usage: npm run corpora -- SET, with SET one of: ${Object.keys(sets).join(', ')}.`);
    return 2;
  }
  const corporaDir = process.env.CORPORA_DIR ?? '../shared/corpora';
  await using located = await locateSet(corporaDir, set);
  if (located === undefined) {
    console.error(`There is no ${set} or ${set}.tar.zst in ${corporaDir}; set CORPORA_DIR to the folder that has it.`);
    return 2;
  }
  const { parts, notCovered } = await run(located.folder);
  const misses = parts.flatMap(({ part, misses: missed }) =>
    missed.map((miss) => ({
      part,
      ...miss,
      why: knownMisses.find((known) => known.set === set && known.part === part && known.case.test(miss.case))?.why,
    })),
  );
  const unexplained = misses.filter(({ why }) => why === undefined);
  console.log(
    JSON.stringify(
      {
        set,
        total: parts.reduce((sum, { total }) => sum + total, 0),
        passed: parts.reduce((sum, { passed }) => sum + passed, 0),
        misses: misses.slice(0, maxShown),
        missed: misses.length,
        unexplained: unexplained.length,
        parts: parts.map(({ part, total, passed }) => ({ part, total, passed })),
        notCovered,
      },
      undefined,
      2,
    ),
  );
  return unexplained.length === 0 ? 0 : 1;
};

process.exitCode = await main(process.argv[2]);
