import type { VersionScheme } from '../../scheme.ts';
import { compareRpmVersions, isRpmVersion } from './compare.ts';

/** rpm's order of `[epoch:]version[-release]`, by rpm-version(7) and rpm's documentation of dependency versions. */
export const rpmScheme: VersionScheme = {
  name: 'rpm',
  ecosystems: [
    'AlmaLinux',
    'Rocky Linux',
    'Red Hat',
    'SUSE',
    'openSUSE',
    'Mageia',
    'openEuler',
    'Azure Linux',
    'Photon OS',
    'Amazon Linux',
    'Oracle Linux',
    'Fedora',
  ],
  isValid: isRpmVersion,
  compare: compareRpmVersions,
};
