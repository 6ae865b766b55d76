import { type CvssScore, likelihoodOf, type Match, scoreCvss } from '@parapet/advisories';
import { describe, expect, it } from 'vitest';
import { riskValue } from './formula.ts';
import { contextOf } from './instance-context.ts';
import type { PackageUse, Workload } from './observation.ts';
import { aHost, anEdge, aProcess, loadedBy } from './risk-cases.ts';
import { usesOf } from './use.ts';

type Known = Partial<Pick<Match, 'kev' | 'epss' | 'exploits' | 'cvss'>>;

const riskOf = (known: Known, workload: Workload, use?: PackageUse): number => {
  const { exposure, use: used, impact } = contextOf(workload, use);
  const likelihood = likelihoodOf({ exploits: [], cvss: [], ...known });
  return riskValue(likelihood.value, exposure.value, used.value, impact.value);
};

const scored = (vector: string): readonly CvssScore[] => [scoreCvss(vector) ?? { version: '', vector, score: 10 }];

/** Every way to score critical, as likely as they come without being exploited. */
const criticals: readonly Known[] = [
  'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H',
  'CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
  'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H',
  'AV:N/AC:L/Au:N/C:C/I:C/A:C',
].flatMap((vector) =>
  [0, 0.5, 0.95].flatMap((score): Known[] => [
    { cvss: scored(vector), epss: { score, percentile: score } },
    { cvss: scored(vector), epss: { score, percentile: score }, exploits: ['https://example.org/poc'] },
  ]),
);

const nginx = aProcess();
const exposed = aHost({
  processes: [nginx],
  listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 443, executable: nginx.executable }],
  inbound: [anEdge()],
});
const exploited: Known = { kev: { dateAdded: '2026-01-01' } };
/** Nothing but the catalogue speaks for it: the vector is as mild as they come. */
const mildButExploited: Known = { ...exploited, cvss: scored('CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N') };

describe('the order must put a KEV vulnerability in a loaded library of an exposed process over any critical score in an unused header package', () => {
  it.each([exploited, mildButExploited])('for libraries of a distribution: %j', (kev) => {
    const library = riskOf(kev, exposed, loadedBy(nginx, '/usr/lib/x86_64-linux-gnu/libssl.so.3'));
    for (const critical of criticals) expect(library).toBeGreaterThan(riskOf(critical, exposed));
  });

  it('for a jar that a running java was told to run, over one that only lies there or is only locked', () => {
    const java = aProcess({ name: 'java', executable: '/usr/bin/java', arguments: ['java', '-jar', '/app/app.jar'] });
    const host = aHost({
      processes: [java],
      listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 8080, executable: java.executable }],
      inbound: [anEdge({ executable: java.executable, port: 8080 })],
    });
    const uses = usesOf([java], new Map([['/app/app.jar', [1]]]), new Map([['maven', [1, 2]]]));
    const loaded = riskOf(exploited, host, uses.get(1));
    const installed = riskOf(exploited, host, uses.get(2));
    const locked = riskOf(exploited, host, uses.get(3));
    expect(loaded).toBeGreaterThan(installed);
    expect(installed).toBeGreaterThan(locked);
    for (const critical of criticals) expect(loaded).toBeGreaterThan(riskOf(critical, host, uses.get(3)));
  });
});
