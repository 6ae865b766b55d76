import type { ScanTarget } from '../target.ts';
import { sbomOfContainer } from './make-sbom.ts';

/** A container of the local Docker, as its files are now. */
export const container: ScanTarget = {
  name: 'container',
  help: 'a container of the local Docker, running or not',
  makeSbom: sbomOfContainer,
};
