import type { ScanTarget } from '../target.ts';
import { sbomOfRegistryImage } from './make-sbom.ts';

/** An image of a registry, without any container engine; https://github.com/opencontainers/distribution-spec. */
export const registry: ScanTarget = {
  name: 'registry',
  help: 'an image of a registry, read without Docker, e.g. registry:debian:12',
  makeSbom: sbomOfRegistryImage,
};
