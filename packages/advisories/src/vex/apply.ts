import { type PackageUrl, parsePackageUrl } from '@parapet/core';
import type { Match } from '../model.ts';
import type { VexDocument, VexProduct, VexStatement, VexStatus } from './model.ts';

/** A publisher's word on one match. */
export type VexVerdict = {
  readonly status: VexStatus;
  readonly justification?: string;
  readonly text?: string;
  readonly at?: string;
  /** The document that says so. */
  readonly document: string;
  readonly author?: string;
};

export type MatchWithVex = Match & { readonly vex?: VexVerdict };

/**
 * Adds to each match what VEX documents say of it. No match is dropped: whoever shows them decides, with the reason at hand.
 *
 * A statement speaks of a match when it names its vulnerability and either names its package as the product, or names it as a
 * part of a product that is `target` (the image or program that was scanned, as package URLs). Of several the latest counts;
 * of equally late ones that of the later document.
 */
export const applyVex = (
  matches: readonly Match[],
  documents: readonly VexDocument[],
  target: readonly string[] = [],
): MatchWithVex[] => {
  const index = indexOf(documents);
  const targets = target.flatMap((text) => purlOf(text) ?? []);
  return matches.map((match) => {
    const vex = verdictOn(match, index, targets);
    return vex === undefined ? match : { ...match, vex };
  });
};

/** A statement with its products read. */
type Entry = {
  readonly statement: VexStatement;
  readonly document: VexDocument;
  readonly products: readonly Product[];
};
type Product = {
  readonly whole: PackageUrl | undefined;
  readonly parts: readonly PackageUrl[];
  readonly isWhole: boolean;
};

const indexOf = (documents: readonly VexDocument[]): ReadonlyMap<string, readonly Entry[]> => {
  const index = new Map<string, Entry[]>();
  for (const document of documents) {
    for (const statement of document.statements) {
      const entry = { statement, document, products: statement.products.map(productOf) };
      for (const name of new Set(statement.vulnerabilities)) {
        const entries = index.get(name) ?? [];
        entries.push(entry);
        index.set(name, entries);
      }
    }
  }
  return index;
};

const productOf = ({ id, subcomponents }: VexProduct): Product => ({
  whole: purlOf(id),
  parts: subcomponents.flatMap((part) => purlOf(part) ?? []),
  isWhole: subcomponents.length === 0,
});

const purlOf = (text: string): PackageUrl | undefined => {
  const parsed = parsePackageUrl(text);
  return parsed.ok ? parsed.value : undefined;
};

const verdictOn = (
  match: Match,
  index: ReadonlyMap<string, readonly Entry[]>,
  targets: readonly PackageUrl[],
): VexVerdict | undefined => {
  const entries = [match.vulnerability, ...match.aliases].flatMap((name) => index.get(name) ?? []);
  const purl = entries.length === 0 ? undefined : purlOf(match.purl);
  if (purl === undefined) return undefined;
  const speaking = entries.filter(({ products }) => products.some((product) => speaksOf(product, purl, targets)));
  const latest = speaking.reduce<Entry | undefined>(
    (best, next) => (best !== undefined && (best.statement.at ?? '') > (next.statement.at ?? '') ? best : next),
    undefined,
  );
  if (latest === undefined) return undefined;
  const { statement, document } = latest;
  return {
    status: statement.status,
    document: document.id,
    ...(document.author === undefined ? {} : { author: document.author }),
    ...(statement.justification === undefined ? {} : { justification: statement.justification }),
    ...(statement.text === undefined ? {} : { text: statement.text }),
    ...(statement.at === undefined ? {} : { at: statement.at }),
  };
};

const speaksOf = ({ whole, parts, isWhole }: Product, purl: PackageUrl, targets: readonly PackageUrl[]): boolean => {
  if (whole === undefined) return false;
  if (isWhole) return covers(whole, purl) || targets.some((target) => covers(whole, target));
  return targets.some((target) => covers(whole, target)) && parts.some((part) => covers(part, purl));
};

/** What a package URL leaves out it does not ask for: no version is every version. */
const covers = (asked: PackageUrl, purl: PackageUrl): boolean =>
  asked.type === purl.type &&
  asked.namespace === purl.namespace &&
  asked.name === purl.name &&
  (asked.version === '' || asked.version === purl.version) &&
  Object.entries(asked.qualifiers).every(([key, value]) => purl.qualifiers[key] === value);
