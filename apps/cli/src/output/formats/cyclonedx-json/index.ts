import type { ScanFormat } from '../format.ts';
import { writeCycloneDxScan } from './write.ts';

/** CycloneDX 1.6 with vulnerabilities, JSON; https://cyclonedx.org/docs/1.6/json/ */
export const cyclonedxJson: ScanFormat = { name: 'cyclonedx-json', tellsFindings: false, write: writeCycloneDxScan };
