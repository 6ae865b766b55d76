import type { SetScore } from '../../score.ts';
import { runScalibr } from './scalibr.ts';

/** Package databases with their expected packages, as far as there are extractors. */
export const runVulnSbom = async (folder: string): Promise<SetScore> => {
  const { part, otherExtractors } = await runScalibr(folder);
  return {
    parts: [part],
    notCovered: [
      ...otherExtractors.map((name) => `scalibr extractor: ${name}`),
      'scalibr os/dpkg: opkg databases',
      'trivy: lock files against its advisory database',
      'osv-api-answers.json: needs advisory data as new as the recordings',
    ],
  };
};
