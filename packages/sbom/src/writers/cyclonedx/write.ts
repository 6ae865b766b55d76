import type { Distribution, Package, Sbom } from '@parapet/contract';
import { cpesOf } from '../cpes.ts';
import type { WriterOptions } from '../writer.ts';

/** Writes a CycloneDX 1.6 document. Properties of ours are named `parapet:…`. */
export const writeCycloneDx = (sbom: Sbom, options: WriterOptions): string => {
  const references = referencesOf(sbom.packages);
  return `${JSON.stringify(
    {
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      serialNumber: `urn:uuid:${options.documentId}`,
      version: 1,
      metadata: {
        timestamp: sbom.createdAt,
        tools: { components: [{ type: 'application', name: 'parapet', version: options.toolVersion }] },
        component: { type: targetType(sbom.target.kind), 'bom-ref': 'target', name: sbom.target.name },
        properties: [{ name: 'parapet:status', value: sbom.status }, ...sbom.problems.map(problemProperty)],
      },
      components: [
        ...(sbom.distribution === undefined ? [] : [distributionComponent(sbom.distribution)]),
        ...sbom.packages.map((found, index) => packageComponent(found, references[index] ?? found.purl)),
      ],
      dependencies: [{ ref: 'target', dependsOn: references }],
    },
    undefined,
    2,
  )}\n`;
};

/** A reference must be unique; the same package found in two places has the same purl twice. */
const referencesOf = (packages: readonly Package[]): string[] => {
  const seen = new Map<string, number>();
  return packages.map(({ purl }) => {
    const count = seen.get(purl) ?? 0;
    seen.set(purl, count + 1);
    return count === 0 ? purl : `${purl}#${count}`;
  });
};

const targetType = (kind: Sbom['target']['kind']): string => {
  switch (kind) {
    case 'image':
    case 'container':
    case 'archive':
      return 'container';
    case 'host':
      return 'device';
    case 'directory':
      return 'file';
  }
};

const distributionComponent = ({ id, versionId, name }: Distribution): object => ({
  type: 'operating-system',
  'bom-ref': 'distribution',
  name: id,
  ...(versionId === '' ? {} : { version: versionId }),
  description: name,
});

const packageComponent = (found: Package, reference: string, [cpe] = cpesOf(found)): object => ({
  type: 'library',
  'bom-ref': reference,
  name: found.name,
  version: found.version,
  ...(found.scope === undefined ? {} : { scope: found.scope === 'optional' ? 'optional' : 'excluded' }),
  ...(cpe === undefined ? {} : { cpe }),
  ...(found.licences.length === 0 ? {} : { licenses: found.licences.map((name) => ({ license: { name } })) }),
  purl: found.purl,
  evidence: { occurrences: [{ location: found.location }] },
  properties: [
    { name: 'parapet:type', value: found.type },
    ...(found.source === undefined
      ? []
      : [
          { name: 'parapet:source:name', value: found.source.name },
          { name: 'parapet:source:version', value: found.source.version },
        ]),
    ...howFound(found).map(([name, value]) => ({ name: `parapet:${name}`, value })),
  ],
});

const howFound = (found: Package): (readonly [string, string])[] =>
  [
    ['evidence', found.evidence],
    ['found-by', found.foundBy],
    ['layer', found.layer],
    ['owner', found.owner],
    ['scope', found.scope],
    ['direct', found.isDirect === true ? 'true' : undefined],
    ['commit', found.commit],
  ].filter((pair): pair is [string, string] => pair[1] !== undefined);

const problemProperty = ({ code, message, at }: Sbom['problems'][number]): object => ({
  name: `parapet:problem:${code}`,
  value: at === undefined ? message : `${message} (${at})`,
});
