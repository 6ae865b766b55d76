export { schemeOf, schemes } from './registry.ts';
export { maxVersionLength, type VersionScheme } from './scheme.ts';
