import { actionOf, json, openVexJustification, type VexFinding, type VexHead } from './written.ts';

/**
 * Writes CSAF 2.0 of the profile VEX. `namespace` is the URI under which the author publishes.
 * https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html
 */
export const writeCsafVex = (findings: readonly VexFinding[], head: VexHead & { readonly namespace: string }): string =>
  json({
    document: {
      category: 'csaf_vex',
      csaf_version: '2.0',
      lang: 'en',
      publisher: { category: 'user', name: head.author, namespace: head.namespace },
      title: `What ${head.author} says of ${findings.length} findings`,
      tracking: {
        id: head.id,
        status: 'final',
        version: '1',
        initial_release_date: head.at,
        current_release_date: head.at,
        revision_history: [{ date: head.at, number: '1', summary: 'Made from the findings of this moment' }],
      },
    },
    product_tree: productTree(findings, head),
    vulnerabilities: [...Map.groupBy(findings, ({ vulnerability }) => vulnerability)].map(([name, group]) =>
      vulnerabilityOf(name, group, head),
    ),
  });

const idOf = ({ purl, product }: VexFinding, head: VexHead): string => {
  const whole = product ?? head.product;
  return whole === undefined ? purl : `${whole} / ${purl}`;
};

/** Packages, what was scanned, and each pair of them that is spoken of. */
const productTree = (findings: readonly VexFinding[], head: VexHead): object => {
  const wholes = findings.flatMap(({ product }) => product ?? head.product ?? []);
  const names = new Set([...wholes, ...findings.map(({ purl }) => purl)]);
  const pairs = new Map(
    findings.flatMap((finding) => {
      const whole = finding.product ?? head.product;
      return whole === undefined ? [] : [[idOf(finding, head), { part: finding.purl, whole }] as const];
    }),
  );
  return {
    full_product_names: [...names].map((purl) => ({
      product_id: purl,
      name: purl,
      product_identification_helper: { purl },
    })),
    ...(pairs.size === 0
      ? {}
      : {
          relationships: [...pairs].map(([id, { part, whole }]) => ({
            category: 'default_component_of',
            product_reference: part,
            relates_to_product_reference: whole,
            full_product_name: { product_id: id, name: `${part} in ${whole}` },
          })),
        }),
  };
};

const statuses = {
  open: 'known_affected',
  accepted: 'known_affected',
  fixed: 'fixed',
  not_affected: 'known_not_affected',
  under_investigation: 'under_investigation',
} as const satisfies Readonly<Record<VexFinding['state'], string>>;

const vulnerabilityOf = (name: string, findings: readonly VexFinding[], head: VexHead): object => {
  const aliases = [...new Set(findings.flatMap((finding) => finding.aliases))].filter((alias) => alias !== name);
  const isCve = /^CVE-[0-9]{4}-[0-9]{4,}$/.test(name);
  const ids = (isCve ? aliases : [name, ...aliases]).map((text) => ({ system_name: text.split('-', 1)[0], text }));
  const products = (group: readonly VexFinding[]): string[] => [...new Set(group.map((item) => idOf(item, head)))];
  const byStatus = Map.groupBy(findings, ({ state }) => statuses[state]);
  const affected = Map.groupBy(byStatus.get('known_affected') ?? [], (item) =>
    JSON.stringify([categoryOf(item), actionOf(item)]),
  );
  const spared = byStatus.get('known_not_affected') ?? [];
  const flags = Map.groupBy(spared, (item) => openVexJustification(item.justification) ?? '');
  const threats = Map.groupBy(spared, (item) => item.reason ?? '');
  flags.delete('');
  threats.delete('');
  // The profile asks for a word on each product that is not affected.
  const silent = spared.filter((item) => openVexJustification(item.justification) === undefined && !item.reason);
  if (silent.length > 0) threats.set('No justification was given', silent);
  return {
    ...(isCve ? { cve: name } : {}),
    ...(ids.length === 0 ? {} : { ids }),
    notes: [{ category: 'general', text: `Says for each product whether ${name} matters there.` }],
    product_status: Object.fromEntries([...byStatus].map(([status, group]) => [status, products(group)])),
    ...listed('flags', [...flags], ([label, group]) => ({ label, product_ids: products(group) })),
    ...listed('threats', [...threats], ([details, group]) => ({
      category: 'impact',
      details,
      product_ids: products(group),
    })),
    ...listed('remediations', [...affected], ([key, group]) => {
      const [category, details] = JSON.parse(key) as readonly string[];
      return { category, details, product_ids: products(group) };
    }),
  };
};

const listed = <T>(name: string, items: readonly T[], write: (item: T) => object): object =>
  items.length === 0 ? {} : { [name]: items.map(write) };

const categoryOf = ({ state, fixedVersion }: VexFinding): string => {
  if (state === 'accepted') return 'no_fix_planned';
  return fixedVersion === undefined ? 'none_available' : 'vendor_fix';
};
