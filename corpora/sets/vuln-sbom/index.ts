import type { SetScore } from '../../score.ts';
import { runOsvAnswers } from './osv-answers.ts';
import { runScalibr } from './scalibr.ts';
import { runTrivy } from './trivy.ts';

/** Package databases and lock files with their expected packages, and what advisories say of packages. */
export const runVulnSbom = async (folder: string): Promise<SetScore> => {
  const { part, otherExtractors } = await runScalibr(folder);
  const answers = await runOsvAnswers(folder);
  return {
    parts: [part, await runTrivy(folder), ...answers.parts],
    notCovered: [...otherExtractors.map((name) => `scalibr extractor: ${name}`), ...answers.notCovered],
  };
};
