import type { SbomReader } from '../reader.ts';
import { readCycloneDx } from './read.ts';

/** CycloneDX 1.2 to 1.7, JSON; https://cyclonedx.org/specification/overview/ */
export const cyclonedx: SbomReader = {
  name: 'cyclonedx',
  recognises: (json) => 'bomFormat' in json && json.bomFormat === 'CycloneDX',
  read: readCycloneDx,
};
