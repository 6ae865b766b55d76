import { isStrictSemver } from '../../semver-order.ts';

export { compareSemver as compareCrateVersions } from '../../semver-order.ts';

/** Whether Cargo takes it: a semantic version without a `v`. */
export const isCrateVersion = (version: string): boolean => !version.startsWith('v') && isStrictSemver(version);
