import { z } from 'zod';
import { instantOf, type VexDocument, type VexStatement, type VexStatus, vexLimits } from './model.ts';

const text = z.string().max(8192);
const Component = z.object({ 'bom-ref': text.optional(), purl: text.optional() });

const states = {
  resolved: 'fixed',
  resolved_with_pedigree: 'fixed',
  exploitable: 'affected',
  in_triage: 'under_investigation',
  false_positive: 'not_affected',
  not_affected: 'not_affected',
} as const satisfies Readonly<Record<string, VexStatus>>;

const Vulnerability = z.object({
  id: text,
  references: z
    .array(z.object({ id: text }))
    .max(1000)
    .optional(),
  updated: text.optional(),
  analysis: z
    .object({
      state: z.enum(Object.keys(states) as [keyof typeof states, ...(keyof typeof states)[]]).optional(),
      justification: text.optional(),
      detail: text.optional(),
      lastUpdated: text.optional(),
    })
    .optional(),
  affects: z
    .array(z.object({ ref: text }))
    .max(vexLimits.products)
    .optional(),
});

/** https://cyclonedx.org/docs/1.6/json/, `vulnerabilities` with an analysis. */
export const CycloneDxVex = z.object({
  bomFormat: z.literal('CycloneDX'),
  serialNumber: text.optional(),
  metadata: z.object({ timestamp: text.optional(), component: Component.optional() }).optional(),
  components: z.array(Component).max(200_000).optional(),
  vulnerabilities: z.array(Vulnerability).max(vexLimits.statements),
});

export const fromCycloneDx = (document: z.infer<typeof CycloneDxVex>): VexDocument => {
  const components = [document.metadata?.component ?? {}, ...(document.components ?? [])];
  const purls = new Map(components.flatMap(({ 'bom-ref': ref, purl }) => (ref && purl ? [[ref, purl] as const] : [])));
  return {
    format: 'cyclonedx',
    id: document.serialNumber ?? 'CycloneDX',
    statements: document.vulnerabilities.flatMap((entry) => statementOf(entry, purls, document.metadata?.timestamp)),
  };
};

const statementOf = (
  { id, references, affects, analysis, updated }: z.infer<typeof Vulnerability>,
  purls: ReadonlyMap<string, string>,
  documentTime: string | undefined,
): VexStatement[] => {
  if (analysis?.state === undefined) return [];
  const at = instantOf(analysis.lastUpdated ?? updated ?? documentTime);
  const { justification } = analysis;
  return [
    {
      vulnerabilities: [id, ...(references ?? []).map((reference) => reference.id)],
      products: (affects ?? []).map(({ ref }) => ({ id: purlOf(ref, purls), subcomponents: [] })),
      status: states[analysis.state],
      ...(justification === undefined ? {} : { justification }),
      ...(analysis.detail === undefined ? {} : { text: analysis.detail }),
      ...(at === undefined ? {} : { at }),
    },
  ];
};

/** A reference is one of this document, a link into another (`urn:cdx:<serial>/<version>#<ref>`), or a package URL. */
const purlOf = (ref: string, purls: ReadonlyMap<string, string>): string => {
  const local = ref.startsWith('urn:cdx:') ? decoded(ref.slice(ref.indexOf('#') + 1)) : ref;
  return purls.get(local) ?? local;
};

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};
