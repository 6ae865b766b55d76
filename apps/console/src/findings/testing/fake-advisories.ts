import type { AdvisoryDatabase, Match } from '@parapet/advisories';
import type { AdvisoryContent } from '../advisory-content.ts';

export type Rule = {
  readonly vulnerability: string;
  readonly package: string;
  /** Every other version is vulnerable. */
  readonly fixedVersion?: string;
  readonly likelihood?: number;
  readonly kev?: boolean;
  readonly epss?: number;
  readonly cvss?: number;
  readonly aliases?: readonly string[];
};

/** Advisory content whose rules a test sets; a new version each time. Matches by package name, all versions but the fixed one. */
export const createFakeContent = (
  initial: readonly Rule[] = [],
): AdvisoryContent & { readonly set: (rules: readonly Rule[] | undefined) => void } => {
  let rules: readonly Rule[] | undefined = initial;
  let version = 1;
  const database = (): AdvisoryDatabase | undefined => {
    const active = rules;
    if (active === undefined) return undefined;
    return {
      version: `feed-${version}`,
      path: '',
      builtAt: '2026-11-01T00:00:00.000Z',
      counts: { advisories: active.length, affected: 0, knownExploited: 0, epssScores: 0 },
      sources: [],
      match: (packages) =>
        packages.flatMap((item) =>
          active
            .filter((rule) => rule.package === item.name && rule.fixedVersion !== item.version)
            .map((rule) => matchOf(rule, item.purl, item.name, item.version)),
        ),
      coverageOf: (distribution) => ({
        ecosystems: [],
        entries: distribution?.id === 'fedora' ? 0 : active.length,
      }),
      affecting: () => [],
      coverageOfType: (type) => ({ ecosystems: [], entries: type === 'vcpkg' ? 0 : active.length }),
      advisory: () => undefined,
      advisoriesOf: (vulnerability) => [
        {
          id: `ADV-${vulnerability}`,
          vulnerabilities: [vulnerability],
          aliases: [],
          summary: `About ${vulnerability}`,
          details: 'Details.',
          references: [{ type: 'WEB', url: 'https://example.org/advisory' }],
          cvss: [],
          affected: [],
        },
      ],
      kev: () => undefined,
      epss: () => undefined,
      search: () => [],
      close: () => undefined,
      [Symbol.dispose]: () => undefined,
    };
  };
  return {
    current: database,
    likelihoodOf: (match) => ({
      value: rules?.find((rule) => rule.vulnerability === match.vulnerability)?.likelihood ?? 0.5,
      known: true,
      reason: 'made up',
      evidence: [],
    }),
    set: (next) => {
      rules = next;
      version += 1;
    },
  };
};

const matchOf = (rule: Rule, purl: string, packageName: string, installedVersion: string): Match => ({
  purl,
  packageName,
  installedVersion,
  ecosystem: 'Debian:12',
  advisoryId: `ADV-${rule.vulnerability}`,
  vulnerability: rule.vulnerability,
  aliases: rule.aliases ?? [],
  ...(rule.fixedVersion === undefined ? {} : { fixedVersion: rule.fixedVersion }),
  affectedRanges: [],
  cvss: rule.cvss === undefined ? [] : [{ version: '3.1', vector: '', score: rule.cvss }],
  ...(rule.epss === undefined ? {} : { epss: { score: rule.epss, percentile: 0.5 } }),
  ...(rule.kev === true ? { kev: { dateAdded: '2026-01-01' } } : {}),
  exploits: [],
  notes: [],
  summary: `About ${rule.vulnerability}`,
});
