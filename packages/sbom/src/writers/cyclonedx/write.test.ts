import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sampleSbom } from '../../testing/sample-sbom.ts';
import { writeCycloneDx } from './write.ts';

/** What the JSON schema of CycloneDX 1.6 demands of the parts that are written; strict, so that nothing else slips in. */
const Component = z.strictObject({
  type: z.enum(['application', 'library', 'container', 'operating-system', 'device', 'file']),
  'bom-ref': z.string().min(1).optional(),
  name: z.string(),
  version: z.string().max(1024).optional(),
  scope: z.enum(['required', 'optional', 'excluded']).optional(),
  cpe: z.string().optional(),
  description: z.string().optional(),
  licenses: z.array(z.strictObject({ license: z.strictObject({ name: z.string() }) })).optional(),
  purl: z.string().optional(),
  evidence: z.strictObject({ occurrences: z.array(z.strictObject({ location: z.string() })) }).optional(),
  properties: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
});
const Bom = z.strictObject({
  $schema: z.literal('http://cyclonedx.org/schema/bom-1.6.schema.json'),
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.6'),
  serialNumber: z.string().regex(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/),
  version: z.number().int().min(1),
  metadata: z.strictObject({
    timestamp: z.iso.datetime(),
    tools: z.strictObject({ components: z.array(Component) }),
    component: Component,
    properties: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  }),
  components: z.array(Component),
  dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

const options = { documentId: '11111111-2222-4333-8444-555555555555', toolVersion: '0.1.0' };

describe('CycloneDX', () => {
  const bom = Bom.parse(JSON.parse(writeCycloneDx(sampleSbom, options)));

  it('has the distribution and every package, each with a reference of its own', () => {
    const references = bom.components.map((component) => component['bom-ref']);
    expect(new Set(references).size).toBe(references.length);
    expect(bom.components.map(({ name }) => name)).toEqual(['alpine', 'musl', 'zlib', 'zlib', '@scope/name']);
    expect(bom.dependencies[0]?.dependsOn.every((reference) => references.includes(reference))).toBe(true);
  });

  it('keeps purls, licences, places and sources', () => {
    expect(bom.components[1]).toMatchObject({
      purl: sampleSbom.packages[0]?.purl,
      licenses: [{ license: { name: 'MIT' } }],
      evidence: { occurrences: [{ location: '/lib/apk/db/installed' }] },
    });
    expect(bom.components[1]?.properties).toContainEqual({ name: 'parapet:source:name', value: 'musl' });
  });

  it('says how a package was found', () => {
    expect(bom.components[4]).toMatchObject({
      scope: 'excluded',
      properties: [
        { name: 'parapet:type', value: 'npm' },
        { name: 'parapet:evidence', value: 'locked' },
        { name: 'parapet:found-by', value: 'package-lock' },
        { name: 'parapet:layer', value: 'sha256:0' },
        { name: 'parapet:owner', value: 'pkg:apk/alpine/app@1-r0' },
        { name: 'parapet:scope', value: 'dev' },
        { name: 'parapet:direct', value: 'true' },
        { name: 'parapet:commit', value: 'abcdef0' },
      ],
    });
  });

  it('says that it is not complete', () => {
    expect(bom.metadata.properties).toEqual([
      { name: 'parapet:status', value: 'partial' },
      { name: 'parapet:problem:broken-layer', value: 'A layer could not be read. (blobs/sha256/0)' },
    ]);
  });

  it.each(['host', 'image', 'container', 'directory', 'archive'] as const)('is valid for the target %s', (kind) => {
    Bom.parse(JSON.parse(writeCycloneDx({ ...sampleSbom, target: { kind, name: 'x' } }, options)));
  });
});
