import type { ScanFormat } from '../format.ts';
import { writeJson } from './write.ts';

/** Everything, in Parapet's own form; `parapet diff` and `--baseline` read it. */
export const json: ScanFormat = { name: 'json', tellsFindings: false, write: writeJson };
