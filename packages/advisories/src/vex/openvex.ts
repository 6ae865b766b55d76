import { z } from 'zod';
import { instantOf, type VexDocument, type VexProduct, type VexStatement, vexLimits } from './model.ts';

const text = z.string().max(8192);
const Component = z.object({
  '@id': text.optional(),
  identifiers: z.object({ purl: text.optional() }).loose().optional(),
});
const Product = Component.extend({ subcomponents: z.array(Component).max(vexLimits.products).optional() });
const Statement = z.object({
  // Documents before 0.2 give the vulnerability as a text, and products as texts.
  vulnerability: z.union([
    text,
    z.object({ name: text.optional(), '@id': text.optional(), aliases: z.array(text).max(1000).optional() }),
  ]),
  products: z
    .array(z.union([text, Product]))
    .max(vexLimits.products)
    .optional(),
  status: z.enum(['not_affected', 'affected', 'fixed', 'under_investigation']),
  justification: text.optional(),
  impact_statement: text.optional(),
  action_statement: text.optional(),
  timestamp: text.optional(),
});

/** https://github.com/openvex/spec */
export const OpenVex = z.object({
  '@context': z.string().regex(/^https:\/\/openvex\.dev\/ns/),
  '@id': text,
  author: text.optional(),
  timestamp: text.optional(),
  statements: z.array(Statement).max(vexLimits.statements),
});

export const fromOpenVex = (document: z.infer<typeof OpenVex>): VexDocument => ({
  format: 'openvex',
  id: document['@id'],
  ...(document.author === undefined ? {} : { author: document.author }),
  statements: document.statements.flatMap((statement) => statementOf(statement, document.timestamp)),
});

const statementOf = (statement: z.infer<typeof Statement>, documentTime: string | undefined): VexStatement[] => {
  const [first, ...others] = namesOf(statement.vulnerability);
  if (first === undefined) return [];
  const { justification, impact_statement: impact, action_statement: action } = statement;
  const at = instantOf(statement.timestamp ?? documentTime);
  const words = impact ?? action;
  return [
    {
      vulnerabilities: [first, ...others],
      products: (statement.products ?? []).map(productOf),
      status: statement.status,
      ...(justification === undefined ? {} : { justification }),
      ...(words === undefined ? {} : { text: words }),
      ...(at === undefined ? {} : { at }),
    },
  ];
};

const namesOf = (vulnerability: z.infer<typeof Statement>['vulnerability']): string[] => {
  if (typeof vulnerability === 'string') return [vulnerability];
  // The `@id` is an address whose last part is the name where no name is given.
  const name = vulnerability.name ?? vulnerability['@id']?.split('/').at(-1);
  return [...(name === undefined ? [] : [name]), ...(vulnerability.aliases ?? [])];
};

const productOf = (product: string | z.infer<typeof Product>): VexProduct =>
  typeof product === 'string'
    ? { id: product, subcomponents: [] }
    : { id: idOf(product), subcomponents: (product.subcomponents ?? []).map(idOf) };

const idOf = (component: z.infer<typeof Component>): string => component.identifiers?.purl ?? component['@id'] ?? '';
