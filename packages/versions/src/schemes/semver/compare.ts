export { compareSemver as compareSemverVersions, isStrictSemver as isSemverVersion } from '../../semver-order.ts';
