import type { ScanTarget } from '../target.ts';
import { sbomOfDocument } from './make-sbom.ts';

/** A bill of materials that was made before. */
export const sbom: ScanTarget = {
  name: 'sbom',
  help: 'a CycloneDX 1.2 to 1.7 or SPDX 2.3 or 3.0 document (JSON)',
  makeSbom: sbomOfDocument,
};
