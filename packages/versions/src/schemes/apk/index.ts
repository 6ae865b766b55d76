import type { VersionScheme } from '../../scheme.ts';
import { compareApkVersions, isApkVersion } from './compare.ts';

/** Alpine's order, by apk-package(5): `digits{.digits}{letter}{_suffix{digits}}{~hash}{-r#}`. */
export const apkScheme: VersionScheme = {
  name: 'apk',
  ecosystems: ['Alpine', 'Wolfi', 'Chainguard', 'Alpaquita', 'MinimOS', 'BellSoft Hardened Containers'],
  isValid: isApkVersion,
  compare: compareApkVersions,
};
