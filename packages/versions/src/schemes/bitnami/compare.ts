import { compareDigits } from '../../digits.ts';
import { maxVersionLength } from '../../scheme.ts';
import { compareSemver } from '../../semver-order.ts';

/** Whether it is numbers, perhaps a pre-release, perhaps a revision: `1.2.3`, `1.2.3-4`, `1.2.3-rc1-4`. */
export const isBitnamiVersion = (version: string): boolean =>
  version.length <= maxVersionLength &&
  /^v?\d+(?:\.\d+)*(?:-[0-9A-Za-z.]*[A-Za-z][0-9A-Za-z.]*)?(?:-\d+)?$/.test(version);

/** The upstream version, then the revision, which makes a build newer and not a pre-release. See {@link VersionScheme.compare}. */
export const compareBitnamiVersions = (a: string, b: string): number => {
  const left = split(a);
  const right = split(b);
  return compareSemver(left.upstream, right.upstream) || compareDigits(left.revision, right.revision);
};

const split = (version: string): { readonly upstream: string; readonly revision: string } => {
  const [, upstream = '', revision = ''] =
    /^(v?\d[\s\S]*?)(?:-(\d+))?$/.exec(version.slice(0, maxVersionLength).trim()) ?? [];
  return upstream === '' ? { upstream: version, revision: '' } : { upstream, revision };
};
