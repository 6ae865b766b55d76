import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractGithubActions } from './extract.ts';
import { isOfActions } from './format.ts';

/** Actions that workflows and composite actions of GitHub run. */
export const githubActions: FileExtractor = {
  name: 'github-actions',
  type: 'githubactions',
  evidence: 'declared',
  reads: ['.github/workflows/*.yml', 'action.yml'],
  wish: { extensions: ['yml', 'yaml'], accepts: isOfActions },
  maxBytes: maxTextBytes,
  extract: extractGithubActions,
};
