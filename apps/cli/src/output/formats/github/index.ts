import type { ScanFormat } from '../format.ts';
import { writeAnnotations } from './write.ts';

/** Workflow commands of GitHub Actions, which become annotations; https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands */
export const github: ScanFormat = { name: 'github', tellsFindings: true, write: writeAnnotations };
