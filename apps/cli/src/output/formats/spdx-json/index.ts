import type { ScanFormat } from '../format.ts';
import { writeSpdxScan } from './write.ts';

/** SPDX 2.3, JSON, which has no place for findings; https://spdx.github.io/spdx-spec/v2.3/ */
export const spdxJson: ScanFormat = { name: 'spdx-json', tellsFindings: false, write: writeSpdxScan };
