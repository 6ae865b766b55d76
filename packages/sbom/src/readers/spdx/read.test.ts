import { describe, expect, it } from 'vitest';
import { sampleSbom } from '../../testing/sample-sbom.ts';
import { writeSpdx } from '../../writers/spdx/write.ts';
import { readSbom } from '../read-sbom.ts';

const options = { name: 'x.json', at: '2026-11-28T00:00:00.000Z' };
const entry = (SPDXID: string, purl?: string, more: object = {}) => ({
  SPDXID,
  name: SPDXID,
  externalRefs:
    purl === undefined ? [] : [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
  ...more,
});

describe('SPDX 2', () => {
  it('that our writer wrote has the same packages', () => {
    const text = writeSpdx(sampleSbom, { documentId: '11111111-2222-4333-8444-555555555555', toolVersion: '1' });
    const back = readSbom(text, options);
    if (!back.ok) throw new Error(back.error.message);
    expect(back.value.distribution).toMatchObject({ id: 'alpine', versionId: '3.20.3' });
    expect(back.value.target).toEqual(sampleSbom.target);
    const known = ({ purl, type, name, version, source, location }: (typeof sampleSbom.packages)[number]) => [
      ...[purl, type, name, version, source, location],
    ];
    expect(back.value.packages.map(known)).toEqual(sampleSbom.packages.map(known));
  });

  it('of another generator: its system is no package, what has no package URL is said', () => {
    const document = {
      spdxVersion: 'SPDX-2.3',
      packages: [
        entry('SPDXRef-image', 'pkg:oci/app@sha256:0', { primaryPackagePurpose: 'CONTAINER' }),
        entry('SPDXRef-os', undefined, {
          name: 'debian',
          versionInfo: '12',
          primaryPackagePurpose: 'OPERATING-SYSTEM',
        }),
        entry('SPDXRef-a', 'pkg:deb/debian/a@1'),
        entry('SPDXRef-b'),
        7,
      ],
      relationships: [
        { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: 'SPDXRef-image' },
      ],
    };
    expect(readSbom(JSON.stringify(document), options)).toMatchObject({
      value: {
        target: { kind: 'image', name: 'SPDXRef-image' },
        distribution: { id: 'debian', versionId: '12' },
        packages: [{ name: 'a' }],
        problems: [{ code: 'bad-component' }, { code: 'no-purl' }],
      },
    });
  });

  it.each([
    ['{"spdxVersion":"SPDX-2.0"}', 'is not known'],
    ['{"spdxVersion":7}', 'no SPDX document'],
    ['{"spdxVersion":"SPDX-2.3","packages":{}}', 'no SPDX document'],
  ])('%j is refused', (text, message) => {
    const result = readSbom(text, options);
    expect(result.ok ? 'read' : result.error.message).toContain(message);
  });
});
