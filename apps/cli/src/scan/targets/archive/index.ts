import type { ScanTarget } from '../target.ts';
import { sbomOfArchive } from './make-sbom.ts';

/** An image or a root in a file or folder. */
export const archive: ScanTarget = {
  name: 'archive',
  help: 'docker save, an OCI layout, or a tar of a root: a file or folder',
  makeSbom: sbomOfArchive,
};
