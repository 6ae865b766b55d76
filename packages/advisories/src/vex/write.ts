import {
  actionOf,
  cycloneDxJustification,
  json,
  openVexJustification,
  type VexFinding,
  type VexHead,
} from './written.ts';

/** Writes OpenVEX 0.2.0; https://github.com/openvex/spec. */
export const writeOpenVex = (findings: readonly VexFinding[], head: VexHead): string =>
  json({
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': head.id,
    author: head.author,
    timestamp: head.at,
    version: 1,
    statements: findings.map((finding) => {
      const product = finding.product ?? head.product;
      return {
        vulnerability: {
          name: finding.vulnerability,
          ...(finding.aliases.length === 0 ? {} : { aliases: finding.aliases }),
        },
        timestamp: finding.at,
        products: [
          product === undefined
            ? { '@id': finding.purl }
            : { '@id': product, subcomponents: [{ '@id': finding.purl }] },
        ],
        ...openVexStatus(finding),
      };
    }),
  });

const openVexStatus = (finding: VexFinding): object => {
  switch (finding.state) {
    case 'fixed':
    case 'under_investigation':
      return { status: finding.state };
    case 'not_affected': {
      const justification = openVexJustification(finding.justification);
      const impact = finding.reason ?? (justification === undefined ? 'No justification was given' : undefined);
      return {
        status: 'not_affected',
        ...(justification === undefined ? {} : { justification }),
        ...(impact === undefined ? {} : { impact_statement: impact }),
      };
    }
    case 'open':
    case 'accepted':
      return { status: 'affected', action_statement: actionOf(finding) };
  }
};

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
      'bom-ref': [finding.vulnerability, finding.product ?? [], finding.purl].flat().join('/'),
      id: finding.vulnerability,
      ...(finding.aliases.length === 0
        ? {}
        : { references: finding.aliases.map((id) => ({ id, source: { name: id.split('-', 1)[0] } })) }),
      updated: finding.at,
      analysis: { ...analysisOf(finding), lastUpdated: finding.at },
      affects: [{ ref: finding.purl }],
    })),
  });

const analysisOf = (finding: VexFinding): object => {
  switch (finding.state) {
    case 'fixed':
      return { state: 'resolved', detail: finding.reason ?? 'Fixed', response: ['update'] };
    case 'under_investigation':
      return { state: 'in_triage', ...(finding.reason === undefined ? {} : { detail: finding.reason }) };
    case 'not_affected': {
      const justification = cycloneDxJustification(finding.justification);
      return {
        state: 'not_affected',
        ...(justification === undefined ? {} : { justification }),
        detail: finding.reason ?? 'Not affected',
      };
    }
    case 'open':
    case 'accepted':
      return {
        state: 'exploitable',
        detail: actionOf(finding),
        response: [finding.state === 'accepted' ? 'will_not_fix' : 'update'],
      };
  }
};
