import { join } from 'node:path';
import type { SetScore } from '../../score.ts';
import { runCvss } from './cvss.ts';
import { runCvssLists } from './cvss-lists.ts';
import { runPurl } from './purl.ts';
import { runRpmVersions, runVersions } from './versions.ts';

/** Version order, package URLs and CVSS scores. */
export const runMatchlogic = async (folder: string): Promise<SetScore> => {
  const versions = await runVersions(join(folder, 'versions'));
  return {
    parts: [
      ...versions.parts,
      ...(await runRpmVersions(join(folder, 'rpmver-claircore'))),
      await runPurl(join(folder, 'purl-spec', 'tests')),
      ...(await runCvss(join(folder, 'cvss-redhat', 'tests'))),
      ...(await runCvssLists(join(folder, 'cvss-claircore'))),
    ],
    notCovered: versions.notCovered,
  };
};
