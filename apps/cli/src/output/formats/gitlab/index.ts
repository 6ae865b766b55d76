import type { ScanFormat } from '../format.ts';
import { writeGitlab } from './write.ts';

/** GitLab's report of container or dependency scanning, 15.0; https://gitlab.com/gitlab-org/security-products/security-report-schemas */
export const gitlab: ScanFormat = { name: 'gitlab', tellsFindings: true, write: writeGitlab };
