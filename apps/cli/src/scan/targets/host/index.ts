import type { ScanTarget } from '../target.ts';
import { sbomOfHost } from './make-sbom.ts';

/** This machine, without what belongs to its containers. */
export const host: ScanTarget = {
  name: 'host',
  help: 'this machine; nothing comes after it',
  makeSbom: sbomOfHost,
};
