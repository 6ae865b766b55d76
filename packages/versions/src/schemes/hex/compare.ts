import { isStrictSemver } from '../../semver-order.ts';

export { compareSemver as compareHexVersions } from '../../semver-order.ts';

/** Whether Hex takes it: a semantic version without a `v`. */
export const isHexVersion = (version: string): boolean => !version.startsWith('v') && isStrictSemver(version);
