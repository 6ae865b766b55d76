import type { ScanReport } from '@parapet/contract';
import { describe, expect, it } from 'vitest';
import { sampleReport } from '../../output/formats/sample-report.ts';
import { compareScans, isSame } from './compare.ts';
import { writeDiff } from './write.ts';

const [openssl, hostile] = sampleReport.findings ?? [];
if (openssl === undefined || hostile === undefined) throw new Error('the sample has no findings');
const [first, second] = sampleReport.sbom.packages;
if (first === undefined || second === undefined) throw new Error('the sample has no packages');
const withPackages = (packages: ScanReport['sbom']['packages']): ScanReport => ({
  ...sampleReport,
  sbom: { ...sampleReport.sbom, packages },
});

describe('the difference of two scans', () => {
  it('is none between the same', () => {
    expect(isSame(compareScans(sampleReport, sampleReport))).toBe(true);
    expect(writeDiff(compareScans(sampleReport, sampleReport))).toContain('No difference');
  });

  it('tells packages that came, went and changed, wherever they lie', () => {
    const to = withPackages([
      { ...first, version: '3.0.12-1', location: '/elsewhere' },
      { ...second, name: 'new' },
    ]);
    expect(compareScans(sampleReport, to).packages).toMatchObject({
      added: [{ name: 'new', from: [], to: ['1.0.0'] }],
      removed: [{ name: second.name, to: [] }],
      changed: [{ name: first.name, from: ['3.0.11-1'], to: ['3.0.12-1'] }],
    });
  });

  it('sees a second version beside the first as a change', () => {
    const to = withPackages([first, { ...first, version: '4' }, second]);
    expect(compareScans(sampleReport, to).packages.changed).toMatchObject([
      { from: ['3.0.11-1'], to: ['3.0.11-1', '4'] },
    ]);
  });

  it('tells findings that came, went and changed', () => {
    const { fixedVersion, ...unfixed } = openssl;
    expect(fixedVersion).toBeDefined();
    const to = {
      ...sampleReport,
      findings: [
        { ...unfixed, kev: false },
        { ...openssl, vulnerability: 'CVE-2026-0009' },
      ],
    };
    const { findings } = compareScans(sampleReport, to);
    expect(findings?.added.map(({ vulnerability }) => vulnerability)).toEqual(['CVE-2026-0009']);
    expect(findings?.removed.map(({ vulnerability }) => vulnerability)).toEqual([hostile.vulnerability]);
    expect(findings?.changed.map(({ what }) => what)).toEqual([
      ['fixed version 3.0.11-2 -> none', 'known to be exploited yes -> no'],
    ]);
  });

  it('says nothing of findings when one side was not matched', () => {
    const { findings, ...unmatched } = sampleReport;
    expect(findings).toBeDefined();
    const diff = compareScans(unmatched, sampleReport);
    expect(diff).not.toHaveProperty('findings');
    expect(writeDiff(diff)).toContain('were not compared');
  });

  it('is written a line each, and no name makes another', () => {
    const lines = writeDiff(compareScans(withPackages([]), sampleReport)).split('\n');
    expect(lines.filter((line) => line.startsWith('+ '))).toHaveLength(2);
    expect(lines.some((line) => line.startsWith('::error'))).toBe(false);
  });
});
