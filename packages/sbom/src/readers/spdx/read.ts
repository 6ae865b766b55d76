import type { Distribution, Sbom } from '@parapet/contract';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { z } from 'zod';
import { createCollector, distributionNamed, instantOf } from '../collect.ts';
import type { ReaderOptions } from '../reader.ts';

const Entry = z.object({
  SPDXID: z.string().default(''),
  name: z.string().default(''),
  versionInfo: z.string().optional(),
  sourceInfo: z.string().default(''),
  licenseDeclared: z.string().default('NOASSERTION'),
  primaryPackagePurpose: z.string().default(''),
  externalRefs: z.array(z.object({ referenceType: z.string(), referenceLocator: z.string() })).default([]),
});
type Entry = z.infer<typeof Entry>;

const Document = z.object({
  spdxVersion: z.string(),
  name: z.string().default(''),
  creationInfo: z.object({ created: z.unknown() }).partial().optional(),
  documentDescribes: z.array(z.string()).catch([]),
  packages: z.array(z.unknown()).default([]),
  relationships: z
    .array(z.object({ spdxElementId: z.string(), relationshipType: z.string(), relatedSpdxElement: z.string() }))
    .catch([]),
});

export const readSpdx = (json: object, options: ReaderOptions): Result<Sbom, Problem> => {
  const parsed = Document.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return fail(problem('wrong-shape', `This is no SPDX document: ${issue?.message}.`, issue?.path.join('.')));
  }
  const document = parsed.data;
  if (!/^SPDX-2\.[23]$/.test(document.spdxVersion))
    return fail(
      problem('unknown-version', `${document.spdxVersion.slice(0, 32)} is not known; SPDX 2.2, 2.3 and 3.0 are read.`),
    );
  const described = new Set([
    ...document.documentDescribes,
    ...document.relationships
      .filter(
        ({ relationshipType, spdxElementId }) =>
          relationshipType === 'DESCRIBES' && spdxElementId === 'SPDXRef-DOCUMENT',
      )
      .map(({ relatedSpdxElement }) => relatedSpdxElement),
  ]);
  const collector = createCollector();
  let target: Entry | undefined;
  let distribution: Distribution | undefined;
  for (const raw of document.packages) {
    const read = Entry.safeParse(raw);
    if (!read.success) {
      collector.report('bad-component', `A package cannot be read: ${read.error.issues[0]?.message}.`);
      continue;
    }
    const entry = read.data;
    const isTarget = described.has(entry.SPDXID);
    if (isTarget) target ??= entry;
    const system = /\bdistribution (\S+)(?: (\S+))?$/.exec(entry.sourceInfo);
    if (isTarget && system !== null) distribution ??= distributionNamed(system[1] ?? '', system[2] ?? '');
    else if (entry.primaryPackagePurpose === 'OPERATING-SYSTEM' && !isTarget)
      distribution ??= distributionNamed(entry.name, entry.versionInfo ?? '');
    else if (!isTarget || purlOf(entry)?.startsWith('pkg:oci/') === false) collector.add(foreignOf(entry));
  }
  const name = target?.name ?? document.name;
  return ok(
    collector.finish(
      {
        target: { kind: kindOf(target), name: name === '' ? options.name : name },
        createdAt: instantOf(document.creationInfo?.created, options.at),
      },
      distribution,
    ),
  );
};

const kindOf = (target: Entry | undefined): Sbom['target']['kind'] => {
  if (target?.primaryPackagePurpose === 'CONTAINER') return 'image';
  return target?.primaryPackagePurpose === 'OPERATING-SYSTEM' ? 'host' : 'directory';
};

const purlOf = ({ externalRefs }: Entry): string | undefined =>
  externalRefs.find(({ referenceType }) => referenceType === 'purl' || referenceType.endsWith('/purl'))
    ?.referenceLocator;

const foreignOf = (entry: Entry) => {
  const source = /\bsource (\S+) (\S+?)(?:,|$)/.exec(entry.sourceInfo);
  return {
    purl: purlOf(entry),
    name: entry.name,
    version: entry.versionInfo,
    location: /^found by \S+ in ([^,]+)/.exec(entry.sourceInfo)?.[1],
    licences: /^NO(?:ASSERTION|NE)$/.test(entry.licenseDeclared) ? [] : [entry.licenseDeclared],
    source: source === null ? undefined : { name: source[1] ?? '', version: source[2] ?? '' },
  };
};
