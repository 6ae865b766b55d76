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
  /** What others say of the same, and was passed over: other authors, and statements that are less exact. */
  readonly others?: readonly Omit<VexVerdict, 'others'>[];
};

/** What a statement may speak of: a vulnerability in a package. */
export type VexSubject = Pick<Match, 'vulnerability' | 'aliases' | 'purl'>;
export type WithVex<M extends VexSubject> = M & { readonly vex?: VexVerdict };
export type MatchWithVex = WithVex<Match>;

/**
 * Adds to each match what VEX documents say of it. No match is dropped: whoever shows them decides, with the reason at hand.
 *
 * A statement speaks of a match when it names its vulnerability and either names its package as the product, or names `target`
 * (the image or program that was scanned, as package URLs), as a whole or with the package as its part. Of several that speak:
 * 1. those that name the target go before those that name the package wherever it is;
 * 2. of one author (a document without one is its own) the latest counts, of equally late ones that of the later document;
 * 3. between authors the most cautious counts: affected, then under investigation, then not affected, then fixed.
 */
export const applyVex = <M extends VexSubject>(
  matches: readonly M[],
  documents: readonly VexDocument[],
  target: readonly string[] = [],
): WithVex<M>[] => {
  const index = indexOf(documents);
  const targets = target.flatMap((text) => purlOf(text) ?? []);
  return matches.map((match) => {
    const vex = verdictOn(match, index, targets);
    return vex === undefined ? match : { ...match, vex };
  });
};

/** The most cautious first. */
const byCaution: readonly VexStatus[] = ['affected', 'under_investigation', 'not_affected', 'fixed'];

/** Whether the first status is the more cautious one. */
export const isMoreCautious = (one: VexStatus, other: VexStatus): boolean =>
  byCaution.indexOf(one) < byCaution.indexOf(other);

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

type Spoken = { readonly verdict: VexVerdict; readonly names: Exactness };
/** What of the match a statement names: the target, or the package wherever it is. */
type Exactness = 'target' | 'package';

const verdictOn = (
  match: VexSubject,
  index: ReadonlyMap<string, readonly Entry[]>,
  targets: readonly PackageUrl[],
): VexVerdict | undefined => {
  const entries = new Set([match.vulnerability, ...match.aliases].flatMap((name) => index.get(name) ?? []));
  const purl = entries.size === 0 ? undefined : purlOf(match.purl);
  if (purl === undefined) return undefined;
  const latest = new Map<string, Spoken>();
  for (const { statement, document, products } of entries) {
    const names = exactnessOf(products, purl, targets);
    if (names === undefined) continue;
    const key = JSON.stringify([names, document.author ?? null, document.author === undefined ? document.id : null]);
    const known = latest.get(key);
    if (known === undefined || (known.verdict.at ?? '') <= (statement.at ?? '')) {
      latest.set(key, { verdict: verdictOf(statement, document), names });
    }
  }
  return chosenOf([...latest.values()]);
};

const chosenOf = (spoken: readonly Spoken[]): VexVerdict | undefined => {
  const [first, ...rest] = spoken.toSorted(
    (a, b) =>
      Number(a.names === 'package') - Number(b.names === 'package') ||
      byCaution.indexOf(a.verdict.status) - byCaution.indexOf(b.verdict.status) ||
      (a.verdict.at ?? '').localeCompare(b.verdict.at ?? '') * -1,
  );
  if (first === undefined) return undefined;
  const others = rest.map(({ verdict }) => verdict);
  return others.length === 0 ? first.verdict : { ...first.verdict, others };
};

const verdictOf = (statement: VexStatement, document: VexDocument): VexVerdict => ({
  status: statement.status,
  document: document.id,
  ...(document.author === undefined ? {} : { author: document.author }),
  ...(statement.justification === undefined ? {} : { justification: statement.justification }),
  ...(statement.text === undefined ? {} : { text: statement.text }),
  ...(statement.at === undefined ? {} : { at: statement.at }),
});

const exactnessOf = (
  products: readonly Product[],
  purl: PackageUrl,
  targets: readonly PackageUrl[],
): Exactness | undefined => {
  let found: Exactness | undefined;
  for (const { whole, parts, isWhole } of products) {
    if (whole === undefined) continue;
    const isTarget = targets.some((target) => covers(whole, target));
    if (isTarget && (isWhole || parts.some((part) => covers(part, purl)))) return 'target';
    if (isWhole && covers(whole, purl)) found = 'package';
  }
  return found;
};

/** What a package URL leaves out it does not ask for: no version is every version. A digest says which image, whatever its name. */
const covers = (asked: PackageUrl, purl: PackageUrl): boolean => {
  if (asked.type !== purl.type) return false;
  if (asked.type === 'oci' && asked.version.startsWith('sha256:')) return asked.version === purl.version;
  return (
    asked.namespace === purl.namespace &&
    asked.name === purl.name &&
    (asked.version === '' || asked.version === purl.version) &&
    Object.entries(asked.qualifiers).every(([key, value]) => purl.qualifiers[key] === value)
  );
};
