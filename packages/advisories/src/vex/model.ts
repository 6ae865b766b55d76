/** What a publisher says of a vulnerability in a product; the words of OpenVEX, into which the others are translated. */
export type VexStatus = 'not_affected' | 'affected' | 'fixed' | 'under_investigation';

/** A product, or a part of one when subcomponents are named. */
export type VexProduct = {
  /** The package URL, else whatever the document identifies it by. */
  readonly id: string;
  readonly subcomponents: readonly string[];
};

export type VexStatement = {
  /** Every name that the document gives the vulnerability; the first is its main one. */
  readonly vulnerabilities: readonly [string, ...string[]];
  readonly products: readonly VexProduct[];
  readonly status: VexStatus;
  /** Why it is not affected, e.g. `vulnerable_code_not_in_execute_path`. */
  readonly justification?: string;
  /** For people: the impact or what to do. */
  readonly text?: string;
  /** ISO 8601; of several statements on the same thing the latest counts. */
  readonly at?: string;
};

export type VexDocument = {
  readonly format: 'openvex' | 'csaf' | 'cyclonedx';
  /** The document's own id; it names the evidence. */
  readonly id: string;
  readonly author?: string;
  readonly statements: readonly VexStatement[];
};

/** What is kept of one document. */
export const vexLimits = { bytes: 32 * 1024 * 1024, statements: 50_000, products: 10_000, depth: 64 } as const;

/** An ISO time or nothing. */
export const instantOf = (text: string | undefined): string | undefined => {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
};
