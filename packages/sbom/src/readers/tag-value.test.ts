import { describe, expect, it } from 'vitest';
import { readSbom } from './read-sbom.ts';
import { isTagValue } from './tag-value.ts';

const options = { name: 'x.spdx', at: '2026-11-28T00:00:00.000Z' };

const sample = `# Made by hand
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: shop
Creator: Tool: sample-1
Created: 2026-11-01T10:00:00Z
CreatorComment: <text>several
lines, also such as
PackageName: not-a-package
</text>

##### Packages
PackageName: shop
SPDXID: SPDXRef-shop
PrimaryPackagePurpose: CONTAINER
PackageName: debian
SPDXID: SPDXRef-os
PackageVersion: 12
PrimaryPackagePurpose: OPERATING-SYSTEM

PackageName: libssl3
SPDXID: SPDXRef-ssl
PackageVersion: 3.0.11-1
PackageSourceInfo: <text>found by dpkg in /var/lib/dpkg/status, source openssl 3.0.11-1</text>
PackageLicenseDeclared: Apache-2.0
ExternalRef: SECURITY cpe23Type cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*
ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/libssl3@3.0.11-1?arch=amd64
FileName: ./usr/lib/libssl.so.3
SPDXID: SPDXRef-file
PackageVersion: of a file, by mistake

PackageName: left-pad
SPDXID: SPDXRef-pad
PackageVersion: 1.3.0
PackageLicenseDeclared: NOASSERTION
ExternalRef: PACKAGE-MANAGER purl pkg:npm/left-pad@1.3.0
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-shop
PackageName: nameless
LicenseID: LicenseRef-1
ExtractedText: <text>never closed
`;

const read = (text: string) => {
  const result = readSbom(text, options);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};

describe('SPDX 2 as lines of tags', () => {
  it.each([
    ['as it is', sample],
    ['with the line ends of Windows', sample.replaceAll('\n', '\r\n')],
  ])('has its target, system and packages, %s', (_, text) => {
    const sbom = read(text);
    expect(sbom).toMatchObject({
      status: 'partial',
      target: { kind: 'image', name: 'shop' },
      createdAt: '2026-11-01T10:00:00.000Z',
      distribution: { id: 'debian', versionId: '12' },
      problems: [
        { code: 'no-purl', message: '1 components have no package URL and cannot be matched, e.g. nameless.' },
      ],
    });
    expect(sbom.packages).toMatchObject([
      {
        ...{ type: 'dpkg', name: 'libssl3', version: '3.0.11-1', location: '/var/lib/dpkg/status' },
        ...{ source: { name: 'openssl', version: '3.0.11-1' }, licences: ['Apache-2.0'] },
      },
      { type: 'npm', name: 'left-pad', version: '1.3.0', licences: [] },
    ]);
  });

  it('of another version is refused', () => {
    expect(readSbom(sample.replace('SPDX-2.3', 'SPDX-1.2'), options)).toMatchObject({
      error: { code: 'unknown-version' },
    });
  });

  it.each([
    ['SPDXVersion: SPDX-2.3', true],
    ['\n\t\n# a comment\n  SPDXVersion : SPDX-2.2', true],
    ['{"spdxVersion":"SPDX-2.3"}', false],
    ['PackageName: a\nSPDXVersion: SPDX-2.3', false],
    [`${'\n'.repeat(100_000)}no`, false],
  ])('is told by its first tag: %#', (text, expected) => expect(isTagValue(text)).toBe(expected));

  it('reads any cut of itself, and megabytes of what it does not know', () => {
    for (let length = sample.indexOf('DataLicense'); length < sample.length; length += 7) read(sample.slice(0, length));
    expect(read(`${sample}${'Odd: <text>\n'.repeat(200_000)}`).packages).toHaveLength(2);
    expect(read(`SPDXVersion: SPDX-2.3\n${' : <text>x\n'.repeat(200_000)}`).packages).toEqual([]);
  });
});
