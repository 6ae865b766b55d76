import type { SbomWriter } from '../writer.ts';
import { writeCycloneDx } from './write.ts';

/** CycloneDX 1.6, JSON; https://cyclonedx.org/docs/1.6/json/ */
export const cyclonedx: SbomWriter = {
  name: 'cyclonedx',
  mediaType: 'application/vnd.cyclonedx+json; version=1.6',
  write: writeCycloneDx,
};
