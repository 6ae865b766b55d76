import type { ScanTarget } from '../target.ts';
import { sbomOfImage } from './make-sbom.ts';

/** An image of this machine. */
export const image: ScanTarget = {
  name: 'image',
  help: 'an image of the local Docker, containerd or Podman',
  makeSbom: sbomOfImage,
};
