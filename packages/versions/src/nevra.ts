import { compareText } from './digits.ts';
import { maxVersionLength } from './scheme.ts';
import { compareRpmVersions } from './schemes/rpm/compare.ts';

/** `name-epoch:version-release.architecture`, the way rpm names a build; what a text leaves out is `undefined`. */
export type Nevra = {
  readonly name: string | undefined;
  readonly epoch: string | undefined;
  readonly version: string;
  readonly release: string | undefined;
  readonly architecture: string | undefined;
};

/**
 * Reads a NEVRA, or an `[epoch:]version-release` alone. The architecture is what follows the last dot of the release when it
 * is one that rpm knows. `undefined` for text without a version and a release.
 */
export const parseNevra = (text: string): Nevra | undefined => {
  const [, name, epoch, version = '', rest = ''] =
    /^(?:(.+)-)?(?:(\d+):)?([^-:\s]+)-([^-:\s]+)$/.exec(text.slice(0, maxVersionLength)) ?? [];
  if (version === '' || rest === '') return undefined;
  const dot = rest.lastIndexOf('.');
  const hasArchitecture = dot > 0 && architectures.test(rest.slice(dot + 1));
  return {
    name,
    epoch,
    version,
    release: hasArchitecture ? rest.slice(0, dot) : rest,
    architecture: hasArchitecture ? rest.slice(dot + 1) : undefined,
  };
};

/** By name, then version, then architecture; having one comes after having none. What is no NEVRA comes before all that are. */
export const compareNevras = (a: string, b: string): number => {
  const left = parseNevra(a);
  const right = parseNevra(b);
  if (left === undefined || right === undefined) {
    return Number(left !== undefined) - Number(right !== undefined) || compareText(a, b);
  }
  return (
    compareOptional(left.name, right.name) ||
    compareRpmVersions(evrOf(left), evrOf(right)) ||
    compareOptional(left.architecture, right.architecture)
  );
};

const architectures =
  /^(?:noarch|src|nosrc|x86_64(?:_v[234])?|amd64|ia32e|i[3-6]86|athlon|geode|aarch64|arm64|armv[5-8]\w*|ppc(?:64(?:le|p7)?)?|s390x?|riscv(?:64)?|loongarch64|mips\w*|ia64|alpha\w*|sparc\w*|sh4?a?|m68k)$/;

const evrOf = ({ epoch, version, release }: Nevra): string => `${epoch ?? '0'}:${version}-${release ?? ''}`;

const compareOptional = (a: string | undefined, b: string | undefined): number =>
  Number(a !== undefined) - Number(b !== undefined) || compareText(a ?? '', b ?? '');
