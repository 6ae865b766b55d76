import type { Sbom } from '@parapet/contract';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { z } from 'zod';
import { createCollector, instantOf } from '../collect.ts';
import type { ReaderOptions } from '../reader.ts';

const Document = z.object({
  '@context': z.string().regex(/spdx\.org\/rdf\/3\.0/, 'only SPDX 3.0 is known'),
  '@graph': z.array(z.looseObject({ type: z.string() })),
});

const SoftwarePackage = z.object({
  name: z.string().default(''),
  software_packageVersion: z.string().optional(),
  software_packageUrl: z.string().optional(),
  externalIdentifier: z.array(z.object({ externalIdentifierType: z.string(), identifier: z.string() })).catch([]),
});

export const readSpdx3 = (json: object, options: ReaderOptions): Result<Sbom, Problem> => {
  const parsed = Document.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return fail(problem('wrong-shape', `This is no SPDX 3.0 document: ${issue?.message}.`, issue?.path.join('.')));
  }
  const graph = parsed.data['@graph'];
  const collector = createCollector();
  for (const element of graph) {
    if (element.type !== 'software_Package') continue;
    const read = SoftwarePackage.safeParse(element);
    if (!read.success) {
      collector.report('bad-component', `A package cannot be read: ${read.error.issues[0]?.message}.`);
      continue;
    }
    const { name, software_packageVersion: version, software_packageUrl: url, externalIdentifier } = read.data;
    const named = externalIdentifier.find(
      ({ externalIdentifierType: type }) => type === 'packageUrl' || type === 'packageURL',
    );
    collector.add({ purl: url ?? named?.identifier, name, version, location: undefined, licences: [] });
  }
  const document = graph.find(({ type }) => type === 'SpdxDocument');
  const name = typeof document?.['name'] === 'string' ? document['name'] : options.name;
  const creation = graph.find(({ type }) => type === 'CreationInfo');
  return ok(
    collector.finish(
      { target: { kind: 'directory', name }, createdAt: instantOf(creation?.['created'], options.at) },
      undefined,
    ),
  );
};
