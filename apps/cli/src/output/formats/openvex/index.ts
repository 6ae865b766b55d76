import type { ScanFormat } from '../format.ts';
import { writeVex } from './write.ts';

/** OpenVEX 0.2.0; https://github.com/openvex/spec */
export const openvex: ScanFormat = { name: 'openvex', tellsFindings: true, write: writeVex };
