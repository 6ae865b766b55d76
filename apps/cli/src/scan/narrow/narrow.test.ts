import { describe, expect, it } from 'vitest';
import { sampleReport } from '../../output/formats/sample-report.ts';
import { createIgnoring } from './ignore-file.ts';
import { baselineOf, type Narrowing, narrowFindings } from './narrow.ts';

const findings = sampleReport.findings ?? [];
const [openssl] = findings;
if (openssl === undefined) throw new Error('the sample has no findings');
const everything: Narrowing = {
  severity: undefined,
  likelihood: undefined,
  onlyFixed: false,
  ignoring: undefined,
  baseline: undefined,
};
const left = (narrowing: Partial<Narrowing>) => {
  const narrowed = narrowFindings(findings, { ...everything, ...narrowing });
  return [narrowed.findings.map(({ vulnerability }) => vulnerability), narrowed.filteredOut];
};

describe('narrowing', () => {
  it.each([
    [{}, 2],
    [{ severity: 'unknown' }, 2],
    [{ severity: 'low' }, 1],
    [{ severity: 'critical' }, 1],
    [{ likelihood: 0.97 }, 1],
    [{ likelihood: 0.98 }, 0],
    [{ onlyFixed: true }, 1],
  ] as const)('by %j leaves %d and counts the rest', (narrowing, count) => {
    expect(left(narrowing)).toEqual([findings.slice(0, count).map(({ vulnerability }) => vulnerability), 2 - count]);
  });

  it('keeps what is set aside, with the reason', () => {
    const rule = { id: 'CVE-2026-0001', purl: undefined, reason: 'not reachable', expires: '2027-01-01' };
    const { setAside } = narrowFindings(findings, { ...everything, ignoring: createIgnoring([rule], 0) });
    expect(setAside).toMatchObject([{ by: 'ignore-file', reason: 'not reachable (until 2027-01-01)' }]);
  });
});

describe('a baseline', () => {
  const baseline = baselineOf(sampleReport);

  it('knows its findings, also in another version', () => {
    const upgraded = { ...openssl, purl: 'pkg:deb/debian/openssl@3.0.12-1?arch=amd64', version: '3.0.12-1' };
    expect(narrowFindings([openssl, upgraded], { ...everything, baseline }).findings).toEqual([]);
  });

  it.each([
    { ...openssl, vulnerability: 'CVE-2026-0009' },
    { ...openssl, purl: 'pkg:deb/debian/openssl-fips@3.0.11-1?arch=amd64' },
    { ...openssl, locations: [...openssl.locations, '/srv/chroot/var/lib/dpkg/status'] },
  ])('knows no other vulnerability, package or place', (finding) => {
    expect(narrowFindings([finding], { ...everything, baseline }).findings).toEqual([finding]);
  });

  it('knows what was set aside when it was made', () => {
    const setAside = { ...openssl, vulnerability: 'CVE-2026-0002' };
    expect(narrowFindings([setAside], { ...everything, baseline }).findings).toEqual([]);
  });
});
