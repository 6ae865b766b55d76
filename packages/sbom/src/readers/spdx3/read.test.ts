import { describe, expect, it } from 'vitest';
import { readSbom } from '../read-sbom.ts';

const options = { name: 'x.json', at: '2026-11-28T00:00:00.000Z' };
const read = (context: unknown, graph: unknown) =>
  readSbom(JSON.stringify({ '@context': context, '@graph': graph }), options);
const context = 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld';

describe('SPDX 3', () => {
  it('has packages in its graph, with package URLs in either place', () => {
    const graph = [
      { type: 'CreationInfo', created: '2026-11-01T00:00:00Z' },
      { type: 'SpdxDocument', name: 'app' },
      { type: 'software_Package', name: 'a', software_packageUrl: 'pkg:npm/a@1' },
      {
        type: 'software_Package',
        name: 'b',
        externalIdentifier: [
          { externalIdentifierType: 'packageUrl', identifier: 'pkg:deb/debian/b@1?distro=debian-12' },
        ],
      },
      { type: 'software_Package', name: 'c' },
      { type: 'software_Package', name: 7 },
    ];
    expect(read(context, graph)).toMatchObject({
      value: {
        target: { name: 'app' },
        createdAt: '2026-11-01T00:00:00.000Z',
        distribution: { id: 'debian', versionId: '12' },
        packages: [{ name: 'a' }, { name: 'b' }],
        problems: [{ code: 'bad-component' }, { code: 'no-purl' }],
      },
    });
  });

  it.each([
    ['https://example.org/other', []],
    ['https://spdx.org/rdf/4.0/spdx-context.jsonld', []],
    [context, [7]],
    [context, {}],
  ])('%j with %j is refused', (other, graph) => {
    expect(read(other, graph)).toMatchObject({ ok: false, error: { code: 'wrong-shape' } });
  });
});
