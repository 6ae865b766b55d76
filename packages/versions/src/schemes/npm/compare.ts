export { compareSemver as compareNpmVersions, isStrictSemver as isNpmVersion } from '../../semver-order.ts';
