import { Sbom } from '@parapet/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damaged, odd } from '../testing/damage.ts';
import { sampleSbom } from '../testing/sample-sbom.ts';
import { writers } from '../writers/registry.ts';
import { readSbom } from './read-sbom.ts';

const written = writers.map(
  (writer) => [writer.name, writer.write(sampleSbom, { documentId: 'id', toolVersion: '1' })] as const,
);

const spdx3 = JSON.stringify({
  '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld',
  '@graph': [
    { type: 'CreationInfo', '@id': '_:c', specVersion: '3.0.1', created: '2026-11-01T00:00:00Z' },
    { type: 'SpdxDocument', spdxId: 'https://x/doc', creationInfo: '_:c', rootElement: ['https://x/app'] },
    {
      ...{ type: 'software_Package', spdxId: 'https://x/app', creationInfo: '_:c', name: 'app' },
      ...{ software_packageVersion: '1', software_packageUrl: 'pkg:npm/app@1' },
      externalIdentifier: [
        { type: 'ExternalIdentifier', externalIdentifierType: 'cpe23', identifier: 'cpe:2.3:a:a:b' },
      ],
    },
    {
      type: 'Relationship',
      spdxId: 'https://x/r',
      relationshipType: 'hasDeclaredLicense',
      from: 'https://x/app',
      to: [],
    },
  ],
});
const tagValue = [
  ...['SPDXVersion: SPDX-2.3', 'DataLicense: CC0-1.0', 'SPDXID: SPDXRef-DOCUMENT', 'DocumentName: app'],
  ...['Created: 2026-11-01T00:00:00Z', 'PackageName: app', 'SPDXID: SPDXRef-app', 'PackageVersion: 1'],
  ...['PackageLicenseDeclared: MIT', 'ExternalRef: PACKAGE-MANAGER purl pkg:npm/app@1'],
  'PackageComment: <text>several\nlines</text>',
].join('\n');

const check = (text: string): void => {
  const read = readSbom(text, { name: 'hostile', at: '2026-11-01T00:00:00.000Z' });
  if (read.ok) expect(Sbom.safeParse(read.value).error).toBeUndefined();
  expect(({} as Readonly<Record<string, unknown>>).polluted).toBeUndefined();
};

describe.each([...written, ['spdx3', spdx3] as const])('a document of %s', (_, text) => {
  it('is read whole', () => expect(readSbom(text, { name: 'x', at: '2026-11-01T00:00:00.000Z' }).ok).toBe(true));

  it('is refused, or gives what the schema says, whatever stands in its place', () =>
    fc.assert(
      fc.property(odd(JSON.parse(text)), (document) => check(JSON.stringify(document) ?? '')),
      { numRuns: 200, seed: 28 },
    ));
});

it('lines of tags are refused, or give what the schema says, when they are damaged', () =>
  fc.assert(
    fc.property(damaged(Buffer.from(tagValue)), (bytes) => check(bytes.toString('utf8'))),
    { numRuns: 200, seed: 28 },
  ));
