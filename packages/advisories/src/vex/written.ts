/** A finding as far as VEX tells it. */
export type VexFinding = {
  readonly vulnerability: string;
  readonly aliases: readonly string[];
  readonly purl: string;
  /**
   * `accepted`: a person decided to live with it for a time. `not_affected` and `under_investigation`: a publisher's word that
   * was taken over.
   */
  readonly state: 'open' | 'accepted' | 'fixed' | 'not_affected' | 'under_investigation';
  /** Why it was accepted, how it was closed, or why it is not affected. */
  readonly reason?: string;
  /** Why it is not affected, in the words of OpenVEX or CycloneDX. */
  readonly justification?: string;
  readonly fixedVersion?: string;
  /** ISO 8601, when it came into this state. */
  readonly at: string;
  /** The package URL of what was scanned, where it has one of its own; else the head's. */
  readonly product?: string;
};

export type VexHead = {
  /** An address that identifies the document. */
  readonly id: string;
  readonly author: string;
  /** ISO 8601. */
  readonly at: string;
  /** The package URL of what was scanned, where it has one: packages are then its parts. */
  readonly product?: string;
};

/** OpenVEX demands an action for what is affected. */
export const actionOf = ({ state, reason, fixedVersion }: VexFinding): string => {
  if (state === 'accepted') return `Accepted: ${reason ?? 'no reason was given'}`;
  return fixedVersion === undefined ? 'No fixed version is published yet' : `Upgrade to ${fixedVersion}`;
};

/** What the formats name alike; the labels of OpenVEX and CSAF are the same. */
const justifications = [
  ['component_not_present', 'code_not_present'],
  ['vulnerable_code_not_present', 'code_not_present'],
  ['vulnerable_code_not_in_execute_path', 'code_not_reachable'],
  ['vulnerable_code_cannot_be_controlled_by_adversary', 'requires_environment'],
  ['inline_mitigations_already_exist', 'protected_by_mitigating_control'],
] as const;
const cycloneDxOnly = [
  ['requires_configuration', 'vulnerable_code_not_in_execute_path'],
  ['requires_dependency', 'component_not_present'],
  ['protected_by_compiler', 'inline_mitigations_already_exist'],
  ['protected_at_runtime', 'inline_mitigations_already_exist'],
  ['protected_at_perimeter', 'inline_mitigations_already_exist'],
] as const;

/** The label of OpenVEX and CSAF for a justification of any format; undefined for a word that none of them knows. */
export const openVexJustification = (word: string | undefined): string | undefined =>
  justifications.find(([openVex]) => openVex === word)?.[0] ??
  justifications.toReversed().find(([, cycloneDx]) => cycloneDx === word)?.[0] ??
  cycloneDxOnly.find(([cycloneDx]) => cycloneDx === word)?.[1];

/** The same in the words of CycloneDX. */
export const cycloneDxJustification = (word: string | undefined): string | undefined =>
  cycloneDxOnly.find(([cycloneDx]) => cycloneDx === word)?.[0] ??
  justifications.find(([openVex, cycloneDx]) => openVex === word || cycloneDx === word)?.[1];

export const json = (document: unknown): string => `${JSON.stringify(document, undefined, 2)}\n`;
