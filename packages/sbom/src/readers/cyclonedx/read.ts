import type { Distribution, Sbom } from '@parapet/contract';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { z } from 'zod';
import { createCollector, distributionNamed, instantOf } from '../collect.ts';
import type { ReaderOptions } from '../reader.ts';

const Component = z.object({
  type: z.string().default(''),
  name: z.string().default(''),
  version: z.string().optional().catch(undefined),
  purl: z.string().optional(),
  licenses: z
    .array(
      z.object({
        expression: z.string().optional(),
        license: z.object({ id: z.string().optional(), name: z.string().optional() }).optional(),
      }),
    )
    .catch([]),
  evidence: z
    .object({ occurrences: z.array(z.object({ location: z.string() })).max(10_000) })
    .optional()
    .catch(undefined),
  properties: z.array(z.object({ name: z.string(), value: z.string().catch('') })).catch([]),
  components: z.array(z.unknown()).catch([]),
});
type Component = z.infer<typeof Component>;

const Bom = z.object({
  specVersion: z.string(),
  metadata: z.object({ timestamp: z.unknown(), component: z.unknown() }).partial().optional(),
  components: z.array(z.unknown()).default([]),
});

/** Components within components; a document that goes deeper was made to hurt. */
const maxDepth = 64;

export const readCycloneDx = (json: object, options: ReaderOptions): Result<Sbom, Problem> => {
  const parsed = Bom.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return fail(problem('wrong-shape', `This is no CycloneDX document: ${issue?.message}.`, issue?.path.join('.')));
  }
  const { specVersion, metadata, components } = parsed.data;
  if (!/^1\.[2-7]$/.test(specVersion))
    return fail(problem('unknown-version', `CycloneDX ${specVersion.slice(0, 32)} is not known; 1.2 to 1.7 are read.`));
  const collector = createCollector();
  let distribution: Distribution | undefined;
  const levels = [{ components, depth: 0 }];
  for (let level = levels.pop(); level !== undefined; level = levels.pop()) {
    for (const raw of level.components) {
      const read = Component.safeParse(raw);
      if (!read.success) {
        collector.report('bad-component', `A component cannot be read: ${read.error.issues[0]?.message}.`);
        continue;
      }
      const component = read.data;
      if (component.type === 'operating-system')
        distribution ??= distributionNamed(component.name, component.version ?? '');
      else if (component.purl !== undefined || component.type === 'library') collector.add(foreignOf(component));
      if (component.components.length === 0) continue;
      if (level.depth >= maxDepth) collector.report('too-deep', `Components lie deeper than ${maxDepth} levels.`);
      else levels.push({ components: component.components, depth: level.depth + 1 });
    }
  }
  const described = Component.safeParse(metadata?.component);
  return ok(
    collector.finish(
      {
        target: targetOf(described.success ? described.data : undefined, options.name),
        createdAt: instantOf(metadata?.timestamp, options.at),
      },
      distribution,
    ),
  );
};

const targetOf = (component: Component | undefined, fallback: string): Sbom['target'] => {
  const name = component === undefined || component.name === '' ? fallback : component.name;
  switch (component?.type) {
    case 'container':
      return { kind: 'image', name };
    case 'device':
    case 'operating-system':
      return { kind: 'host', name };
    default:
      return { kind: 'directory', name };
  }
};

const foreignOf = (component: Component) => {
  const properties = new Map(component.properties.map(({ name, value }) => [name, value]));
  return {
    purl: component.purl,
    name: component.name,
    version: component.version,
    location:
      component.evidence?.occurrences[0]?.location ??
      properties.get('syft:location:0:path') ??
      properties.get('aquasecurity:trivy:FilePath'),
    licences: component.licenses.flatMap(({ expression, license }) => expression ?? license?.id ?? license?.name ?? []),
    source: sourceOf(properties),
  };
};

/** Advisories of distributions speak of source packages, for which the format has no field: generators have their own properties. */
const sourceOf = (properties: ReadonlyMap<string, string>) => {
  const ours = properties.get('parapet:source:name');
  if (ours !== undefined) return { name: ours, version: properties.get('parapet:source:version') ?? '' };
  const part = (name: string): string => properties.get(`aquasecurity:trivy:Src${name}`) ?? '';
  if (part('Name') === '') return undefined;
  const epoch = part('Epoch') === '' || part('Epoch') === '0' ? '' : `${part('Epoch')}:`;
  const release = part('Release') === '' ? '' : `-${part('Release')}`;
  return { name: part('Name'), version: `${epoch}${part('Version')}${release}` };
};
