import type { ScanFormat } from '../format.ts';
import { writeSarif } from './write.ts';

/** SARIF 2.1.0, as code hosts show it; https://docs.oasis-open.org/sarif/sarif/v2.1.0/ */
export const sarif: ScanFormat = { name: 'sarif', tellsFindings: true, write: writeSarif };
