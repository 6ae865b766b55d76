import type { ScanTarget } from '../target.ts';
import { sbomOfFolder } from './make-sbom.ts';

/** A folder: the root of a system, or a project. */
export const dir: ScanTarget = {
  name: 'dir',
  help: 'a folder: the root of a system or of a project',
  makeSbom: sbomOfFolder,
};
