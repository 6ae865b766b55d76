import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sampleSbom } from '../../testing/sample-sbom.ts';
import { writeSpdx } from './write.ts';

/** What the JSON schema of SPDX 2.3 demands of the parts that are written; strict, so that nothing else slips in. */
const id = z.string().regex(/^SPDXRef-[A-Za-z0-9.-]+$/);
const licence = z.string().regex(/^(?:NOASSERTION|[A-Za-z0-9.+-]+(?: AND [A-Za-z0-9.+-]+)*)$/);
const PackageEntry = z.strictObject({
  SPDXID: id,
  name: z.string().min(1),
  versionInfo: z.string().optional(),
  downloadLocation: z.literal('NOASSERTION'),
  filesAnalyzed: z.literal(false),
  sourceInfo: z.string().optional(),
  licenseConcluded: licence,
  licenseDeclared: licence,
  copyrightText: z.literal('NOASSERTION'),
  primaryPackagePurpose: z.enum(['OPERATING-SYSTEM', 'CONTAINER']).optional(),
  externalRefs: z
    .array(
      z.discriminatedUnion('referenceType', [
        z.strictObject({
          referenceCategory: z.literal('PACKAGE-MANAGER'),
          referenceType: z.literal('purl'),
          referenceLocator: z.string().regex(/^pkg:\S+$/),
        }),
        z.strictObject({
          referenceCategory: z.literal('SECURITY'),
          referenceType: z.literal('cpe23Type'),
          referenceLocator: z.string().regex(/^cpe:2\.3:[aho](?::[^:]+){10}$/),
        }),
      ]),
    )
    .optional(),
});
const Document = z.strictObject({
  spdxVersion: z.literal('SPDX-2.3'),
  dataLicense: z.literal('CC0-1.0'),
  SPDXID: z.literal('SPDXRef-DOCUMENT'),
  name: z.string().min(1),
  documentNamespace: z.url(),
  creationInfo: z.strictObject({
    created: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    creators: z.array(z.string().regex(/^Tool: \S+-\S+$/)).min(1),
    comment: z.string().optional(),
  }),
  documentDescribes: z.array(id),
  packages: z.array(PackageEntry),
  hasExtractedLicensingInfos: z.array(
    z.strictObject({
      licenseId: z.string().regex(/^LicenseRef-[A-Za-z0-9.-]+$/),
      extractedText: z.string(),
      name: z.string(),
    }),
  ),
  relationships: z.array(
    z.strictObject({ spdxElementId: id, relationshipType: z.enum(['DESCRIBES', 'CONTAINS']), relatedSpdxElement: id }),
  ),
});

const options = { documentId: '11111111-2222-4333-8444-555555555555', toolVersion: '0.1.0' };

describe('SPDX', () => {
  const document = Document.parse(JSON.parse(writeSpdx(sampleSbom, options)));

  it('has the target and every package, each with an id of its own', () => {
    const ids = document.packages.map(({ SPDXID }) => SPDXID);
    expect(new Set(ids).size).toBe(5);
    expect(document.relationships.every(({ relatedSpdxElement }) => ids.includes(relatedSpdxElement))).toBe(true);
    expect(document.packages[1]?.externalRefs?.[0]?.referenceLocator).toBe(sampleSbom.packages[0]?.purl);
  });

  it('quotes licences that are no SPDX ids', () => {
    expect(document.packages.map(({ licenseDeclared }) => licenseDeclared)).toEqual([
      'NOASSERTION',
      'MIT',
      'Zlib AND LicenseRef-1',
      'NOASSERTION',
      'MIT',
    ]);
    expect(document.hasExtractedLicensingInfos).toMatchObject([{ extractedText: 'custom words of somebody' }]);
  });

  it('says that it is not complete', () => {
    expect(document.creationInfo.comment).toContain('A layer could not be read. (blobs/sha256/0)');
    const whole = Document.parse(JSON.parse(writeSpdx({ ...sampleSbom, problems: [] }, options)));
    expect(whole.creationInfo.comment).toBeUndefined();
  });
});
