import type { ScanFormat } from '../format.ts';
import { writeTable } from './write.ts';

/** For people: the most likely exploited first. */
export const table: ScanFormat = { name: 'table', tellsFindings: false, write: writeTable };
