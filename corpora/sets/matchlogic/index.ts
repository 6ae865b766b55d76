import { join } from 'node:path';
import type { SetScore } from '../../score.ts';
import { runCvss } from './cvss.ts';
import { runPurl } from './purl.ts';
import { runRpmVersions, runVersions } from './versions.ts';

/** Version order, package URLs and CVSS scores, as far as operating-system packages need them. */
export const runMatchlogic = async (folder: string): Promise<SetScore> => {
  const versions = await runVersions(join(folder, 'versions'));
  return {
    parts: [
      ...versions.parts,
      await runRpmVersions(join(folder, 'rpmver-claircore')),
      await runPurl(join(folder, 'purl-spec', 'tests', 'types')),
      ...(await runCvss(join(folder, 'cvss-redhat', 'tests'))),
    ],
    notCovered: [
      ...versions.notCovered,
      'package URLs of other types than deb, apk and rpm, and reading package URLs',
      'rpm NEVRA strings (rpmver-claircore/compare and parse)',
      'CVSS vectors that must be refused (cvss-claircore)',
    ],
  };
};
