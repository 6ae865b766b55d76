import { parseOsRelease } from '../../distribution/os-release.ts';
import type { FoundPackage } from '../extractor.ts';

/**
 * The runtime of a `release` file, `NAME="value"` lines as in os-release. `1.8.0_392` is the old way to write 8.0.392, which is how
 * advisories write it. `undefined` for a file of another tool.
 */
export const parseRelease = (text: string): FoundPackage | undefined => {
  const values = parseOsRelease(text);
  const stated = values.get('JAVA_VERSION') ?? '';
  const [, major, update] = /^1\.(\d+)\.0(?:_(\d+))?/.exec(stated) ?? [];
  const version = major === undefined ? /^\d+(?:\.\d+)*/.exec(stated)?.[0] : `${major}.0.${update ?? '0'}`;
  if (version === undefined) return undefined;
  const dictionary = major === undefined ? { version } : { version: `1.${major}.0` };
  return {
    name: 'java',
    version,
    cpes: [
      { vendor: 'oracle', product: 'openjdk', version },
      { vendor: 'oracle', product: 'jdk', ...dictionary },
    ],
    qualifiers: { implementor: values.get('IMPLEMENTOR')?.slice(0, 100) },
  };
};
