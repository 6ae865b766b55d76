import type { Package } from '@parapet/contract';
import type { FoundPackage } from '../extractor.ts';

/** By the names that CycloneDX and SPDX recommend, and that builders of images use. vcpkg has a list of its own beside its documents. */
export const isSbomDocument = (path: string): boolean =>
  /\.(?:cdx|spdx)\.json$|\/(?:bom|sbom|cyclonedx)\.json$|\/\.s(?:pdx|bom)[.-][^/]+$|\.spdx$/.test(path) &&
  !path.endsWith('/vcpkg.spdx.json');

/** Bitnami puts one beside what it describes, so that what it names is really there. */
export const isOfBitnami = (path: string): boolean => bitnamiFolder(path) !== undefined;

/** The folder that such a document describes. */
export const bitnamiFolder = (path: string): string | undefined =>
  /^(\/opt\/bitnami\/[^/]+)\/\.spdx-[^/]+\.spdx$/.exec(path)?.[1];

/** Packages of distributions are read from their own database: a document may be of another release, or of what was built upon. */
const systemTypes: ReadonlySet<string> = new Set(['dpkg', 'apk', 'rpm', 'alpm', 'opkg', 'oci', 'docker', 'github']);

export const foundOf = (packages: readonly Package[], isVerified: boolean): FoundPackage[] =>
  packages
    .filter(({ type }) => !systemTypes.has(type))
    .map(({ purl, type, name, version, licences }) => ({
      purl,
      type,
      name,
      version,
      licences,
      ...(isVerified ? { evidence: 'installed' } : {}),
    }));
