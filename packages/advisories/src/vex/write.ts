/** A finding as far as VEX tells it. */
export type VexFinding = {
  readonly vulnerability: string;
  readonly aliases: readonly string[];
  readonly purl: string;
  /** `accepted`: a person decided to live with it for a time. */
  readonly state: 'open' | 'accepted' | 'fixed';
  /** Why it was accepted or how it was closed. */
  readonly reason?: string;
  readonly fixedVersion?: string;
  /** ISO 8601, when it came into this state. */
  readonly at: string;
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

/** Writes OpenVEX 0.2.0; https://github.com/openvex/spec. */
export const writeOpenVex = (findings: readonly VexFinding[], head: VexHead): string =>
  json({
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': head.id,
    author: head.author,
    timestamp: head.at,
    version: 1,
    statements: findings.map((finding) => ({
      vulnerability: {
        name: finding.vulnerability,
        ...(finding.aliases.length === 0 ? {} : { aliases: finding.aliases }),
      },
      timestamp: finding.at,
      products: [
        head.product === undefined
          ? { '@id': finding.purl }
          : { '@id': head.product, subcomponents: [{ '@id': finding.purl }] },
      ],
      ...(finding.state === 'fixed'
        ? { status: 'fixed' }
        : { status: 'affected', action_statement: actionOf(finding) }),
    })),
  });

/** Writes CycloneDX 1.6 with an analysis for each vulnerability. */
export const writeCycloneDxVex = (findings: readonly VexFinding[], head: VexHead): string =>
  json({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: head.at,
      ...(head.product === undefined
        ? {}
        : { component: { type: 'container', name: head.product, 'bom-ref': head.product, purl: head.product } }),
    },
    vulnerabilities: findings.map((finding) => ({
      'bom-ref': `${finding.vulnerability}/${finding.purl}`,
      id: finding.vulnerability,
      ...(finding.aliases.length === 0
        ? {}
        : { references: finding.aliases.map((id) => ({ id, source: { name: id.split('-', 1)[0] } })) }),
      updated: finding.at,
      analysis: {
        state: finding.state === 'fixed' ? 'resolved' : 'exploitable',
        detail: finding.state === 'fixed' ? (finding.reason ?? 'Fixed') : actionOf(finding),
        ...(finding.state === 'accepted' ? { response: ['will_not_fix'] } : { response: ['update'] }),
        lastUpdated: finding.at,
      },
      affects: [{ ref: finding.purl }],
    })),
  });

/** OpenVEX demands an action for what is affected. */
const actionOf = ({ state, reason, fixedVersion }: VexFinding): string => {
  if (state === 'accepted') return `Accepted: ${reason ?? 'no reason was given'}`;
  return fixedVersion === undefined ? 'No fixed version is published yet' : `Upgrade to ${fixedVersion}`;
};

const json = (document: unknown): string => `${JSON.stringify(document, undefined, 2)}\n`;
