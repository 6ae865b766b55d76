import type { ScanFormat } from '../format.ts';
import { writeJunit } from './write.ts';

/** JUnit XML: each vulnerable package is a test that fails. */
export const junit: ScanFormat = { name: 'junit', tellsFindings: true, write: writeJunit };
