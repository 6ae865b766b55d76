import type { Package, Sbom } from '@parapet/contract';
import { cpesOf } from '../cpes.ts';
import type { WriterOptions } from '../writer.ts';

/** Writes an SPDX 2.3 document. */
export const writeSpdx = (sbom: Sbom, options: WriterOptions): string => {
  const licences = createLicenceReferences();
  const packages = sbom.packages.map((found, index) => packageEntry(found, index, licences.referenceOf));
  return `${JSON.stringify(
    {
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
      name: sbom.target.name,
      documentNamespace: `https://parapet.invalid/spdx/${options.documentId}`,
      creationInfo: {
        created: sbom.createdAt.replace(/\.\d+Z$/, 'Z'),
        creators: [`Tool: parapet-${options.toolVersion}`],
        ...(sbom.problems.length === 0 ? {} : { comment: commentOf(sbom.problems) }),
      },
      documentDescribes: [targetId],
      packages: [targetEntry(sbom), ...packages],
      hasExtractedLicensingInfos: licences.all(),
      relationships: [
        relationship('SPDXRef-DOCUMENT', 'DESCRIBES', targetId),
        ...packages.map(({ SPDXID }) => relationship(targetId, 'CONTAINS', SPDXID)),
      ],
    },
    undefined,
    2,
  )}\n`;
};

const targetId = 'SPDXRef-Target';

const targetEntry = (sbom: Sbom): object => ({
  SPDXID: targetId,
  name: sbom.target.name,
  downloadLocation: 'NOASSERTION',
  filesAnalyzed: false,
  licenseConcluded: 'NOASSERTION',
  licenseDeclared: 'NOASSERTION',
  copyrightText: 'NOASSERTION',
  ...(sbom.distribution === undefined
    ? {}
    : { sourceInfo: `distribution ${sbom.distribution.id} ${sbom.distribution.versionId}`.trim() }),
  primaryPackagePurpose: sbom.target.kind === 'host' ? 'OPERATING-SYSTEM' : 'CONTAINER',
});

const packageEntry = (
  found: Package,
  index: number,
  referenceOf: (licence: string) => string,
): { readonly SPDXID: string } => ({
  SPDXID: `SPDXRef-Package-${index + 1}`,
  ...{
    name: found.name,
    versionInfo: found.version,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    sourceInfo: sourceInfoOf(found),
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: found.licences.length === 0 ? 'NOASSERTION' : found.licences.map(referenceOf).join(' AND '),
    copyrightText: 'NOASSERTION',
    externalRefs: [
      { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: found.purl },
      ...cpesOf(found).map((cpe) => ({
        referenceCategory: 'SECURITY',
        referenceType: 'cpe23Type',
        referenceLocator: cpe,
      })),
    ],
  },
});

/** Free text in this format: what else is known of how and where. */
const sourceInfoOf = (found: Package): string =>
  [
    `found by ${found.foundBy ?? found.type} in ${found.location}`,
    ...(found.source === undefined ? [] : [`source ${found.source.name} ${found.source.version}`]),
    ...(found.evidence === undefined ? [] : [found.evidence]),
    ...(found.scope === undefined ? [] : [`scope ${found.scope}`]),
    ...(found.layer === undefined ? [] : [`layer ${found.layer}`]),
    ...(found.owner === undefined ? [] : [`owned by ${found.owner}`]),
    ...(found.commit === undefined ? [] : [`commit ${found.commit}`]),
  ].join(', ');

type ExtractedLicence = { readonly licenseId: string; readonly extractedText: string; readonly name: string };

/**
 * Package managers write licences in their own words. What is no plain SPDX id is quoted as an extracted licence: an invented
 * id would make the document invalid, and guessing would make it wrong.
 */
const createLicenceReferences = (): {
  readonly referenceOf: (licence: string) => string;
  readonly all: () => readonly ExtractedLicence[];
} => {
  const known = new Map<string, ExtractedLicence>();
  return {
    referenceOf: (licence) => {
      if (commonIds.has(licence)) return licence;
      const entry = known.get(licence) ?? {
        licenseId: `LicenseRef-${known.size + 1}`,
        extractedText: licence,
        name: licence,
      };
      known.set(licence, entry);
      return entry.licenseId;
    },
    all: () => [...known.values()],
  };
};

/** SPDX ids that distributions use most. */
const commonIds: ReadonlySet<string> = new Set([
  'Apache-2.0',
  'Artistic-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BSL-1.0',
  'CC0-1.0',
  'GPL-2.0-only',
  'GPL-2.0-or-later',
  'GPL-3.0-only',
  'GPL-3.0-or-later',
  'ISC',
  'LGPL-2.0-or-later',
  'LGPL-2.1-only',
  'LGPL-2.1-or-later',
  'LGPL-3.0-or-later',
  'MIT',
  'MPL-2.0',
  'OpenSSL',
  'PostgreSQL',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
  'curl',
]);

const relationship = (from: string, type: string, to: string): object => ({
  spdxElementId: from,
  relationshipType: type,
  relatedSpdxElement: to,
});

const commentOf = (problems: Sbom['problems']): string =>
  [
    ...(problems.some(({ code }) => code !== 'end-of-life') ? ['Some parts could not be read:'] : []),
    ...problems.map(({ message, at }) => (at === undefined ? message : `${message} (${at})`)),
  ].join('\n');
