import { z } from 'zod';
import { instantOf, type VexDocument, type VexProduct, type VexStatement, type VexStatus, vexLimits } from './model.ts';

const text = z.string().max(8192);
const ids = z.array(text).max(vexLimits.products).optional();

const FullProduct = z.object({
  product_id: text,
  product_identification_helper: z.object({ purl: text.optional() }).loose().optional(),
});

const statuses = {
  known_not_affected: 'not_affected',
  known_affected: 'affected',
  first_affected: 'affected',
  last_affected: 'affected',
  fixed: 'fixed',
  first_fixed: 'fixed',
  under_investigation: 'under_investigation',
} as const satisfies Readonly<Record<string, VexStatus>>;

const Vulnerability = z.object({
  cve: text.optional(),
  ids: z.array(z.object({ text })).max(1000).optional(),
  product_status: z.partialRecord(z.string(), z.array(text).max(200_000)).optional(),
  flags: z
    .array(z.object({ label: text, product_ids: ids }))
    .max(1000)
    .optional(),
  threats: z
    .array(z.object({ category: text, details: text, product_ids: ids }))
    .max(1000)
    .optional(),
});

/** CSAF 2.0, https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html, profile VEX. */
export const Csaf = z.object({
  document: z.object({
    category: text,
    publisher: z.object({ name: text.optional() }).optional(),
    tracking: z.object({ id: text, current_release_date: text.optional() }),
  }),
  product_tree: z
    .object({
      branches: z.array(z.unknown()).max(100_000).optional(),
      full_product_names: z.array(FullProduct).max(200_000).optional(),
      relationships: z
        .array(
          z.object({ product_reference: text, relates_to_product_reference: text, full_product_name: FullProduct }),
        )
        .max(200_000)
        .optional(),
    })
    .optional(),
  vulnerabilities: z.array(Vulnerability).max(vexLimits.statements).optional(),
});

export const fromCsaf = (csaf: z.infer<typeof Csaf>): VexDocument => {
  const products = productsOf(csaf.product_tree);
  const { publisher, tracking } = csaf.document;
  const at = instantOf(tracking.current_release_date);
  return {
    format: 'csaf',
    id: tracking.id,
    ...(publisher?.name === undefined ? {} : { author: publisher.name }),
    statements: (csaf.vulnerabilities ?? []).flatMap((entry) =>
      statementsOf(entry, products).map((statement) => (at === undefined ? statement : { ...statement, at })),
    ),
  };
};

/** One statement for each status and reason: products of the same status may have different ones. */
const statementsOf = (
  { cve, ids: others, product_status: status, flags, threats }: z.infer<typeof Vulnerability>,
  products: ReadonlyMap<string, VexProduct>,
): VexStatement[] => {
  const [first, ...rest] = [...(cve === undefined ? [] : [cve]), ...(others ?? []).map((entry) => entry.text)];
  if (first === undefined) return [];
  return Object.entries(status ?? {}).flatMap(([key, productIds]) => {
    if (!Object.hasOwn(statuses, key)) return [];
    const reasons = Map.groupBy(productIds ?? [], (id) =>
      JSON.stringify([
        flags?.find((flag) => flag.product_ids?.includes(id) ?? true)?.label,
        threats?.find((threat) => threat.category === 'impact' && (threat.product_ids?.includes(id) ?? true))?.details,
      ]),
    );
    return [...reasons].map(([reason, group]): VexStatement => {
      const [justification, words] = JSON.parse(reason) as readonly (string | null)[];
      return {
        vulnerabilities: [first, ...rest],
        products: group.slice(0, vexLimits.products).map((id) => products.get(id) ?? { id, subcomponents: [] }),
        status: statuses[key as keyof typeof statuses],
        ...(justification == null ? {} : { justification }),
        ...(words == null ? {} : { text: words }),
      };
    });
  });
};

/** By product id. A relationship makes a product of a part and what it is a part of. */
const productsOf = (tree: z.infer<typeof Csaf>['product_tree']): ReadonlyMap<string, VexProduct> => {
  const purls = new Map<string, string>();
  const add = (product: z.infer<typeof FullProduct>): void => {
    purls.set(product.product_id, product.product_identification_helper?.purl ?? product.product_id);
  };
  for (const product of [...(tree?.full_product_names ?? []), ...branchProducts(tree?.branches ?? [])]) add(product);
  const products = new Map<string, VexProduct>([...purls].map(([id, purl]) => [id, { id: purl, subcomponents: [] }]));
  for (const {
    product_reference: part,
    relates_to_product_reference: whole,
    full_product_name: name,
  } of tree?.relationships ?? []) {
    products.set(name.product_id, { id: purls.get(whole) ?? whole, subcomponents: [purls.get(part) ?? part] });
  }
  return products;
};

const Branch = z.object({ branches: z.array(z.unknown()).max(100_000).optional(), product: FullProduct.optional() });

/** Walks the tree with a list of its own: a hostile one nests without end. */
const branchProducts = (roots: readonly unknown[]): z.infer<typeof FullProduct>[] => {
  const found: z.infer<typeof FullProduct>[] = [];
  const waiting = roots.map((node) => ({ node, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined && found.length < 200_000; next = waiting.pop()) {
    const branch = Branch.safeParse(next.node);
    if (!branch.success) continue;
    if (branch.data.product !== undefined) found.push(branch.data.product);
    const depth = next.depth + 1;
    if (depth < vexLimits.depth) for (const node of branch.data.branches ?? []) waiting.push({ node, depth });
  }
  return found;
};
