export { compareNevras, type Nevra, parseNevra } from './nevra.ts';
export { schemeOf, schemes } from './registry.ts';
export { maxVersionLength, type VersionScheme } from './scheme.ts';
export { semverScheme } from './schemes/semver/index.ts';
