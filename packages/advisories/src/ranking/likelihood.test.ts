import { RiskFactor } from '@parapet/contract';
import { describe, expect, it } from 'vitest';
import type { CvssScore, Match } from '../model.ts';
import { likelihoodOf, newestScore } from './likelihood.ts';

type Input = Parameters<typeof likelihoodOf>[0];
const nothing: Input = { exploits: [], cvss: [] };
const of = (input: Partial<Match>) => likelihoodOf({ ...nothing, ...input });

const remote: CvssScore = { version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: 9.8 };
const local: CvssScore = { version: '3.1', vector: 'CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N', score: 1.8 };
const epss = (score: number) => ({ score, percentile: 0.5 });
const kev = { dateAdded: '2026-10-02' };

describe('likelihoodOf', () => {
  it('is a factor as the contract has it, whatever is known', () => {
    for (const input of [
      {},
      { kev },
      { epss: epss(1) },
      { cvss: [remote] },
      { exploits: ['https://x'] },
      { publishedSeverity: 'High' },
    ]) {
      const factor = of(input);
      expect(RiskFactor.parse(factor)).toEqual(factor);
      expect(factor.reason).toMatch(/^[A-Z].*\.$/);
      expect(factor.evidence.length).toBeGreaterThan(0);
    }
  });

  it('is near certain for what is known to be exploited, and certain for ransomware', () => {
    expect(of({ kev }).value).toBe(0.97);
    expect(of({ kev: { ...kev, ransomware: true } }).value).toBe(1);
    expect(of({ kev, epss: epss(0.0001), cvss: [local] }).value).toBe(0.97);
  });

  it('puts known exploitation over any score', () => {
    expect(of({ kev, cvss: [local] }).value).toBeGreaterThan(of({ epss: epss(0.5), cvss: [remote] }).value);
  });

  it('rises with each hint and never passes 1', () => {
    const steps = [
      of({ epss: epss(0.0001), cvss: [local] }),
      of({ epss: epss(0.01), cvss: [local] }),
      of({ epss: epss(0.01), cvss: [remote] }),
      of({ epss: epss(0.01), cvss: [remote], exploits: ['https://x'] }),
      of({ epss: epss(0.9), cvss: [remote], exploits: ['https://x'] }),
      of({ epss: epss(0.9), cvss: [remote], exploits: ['https://x'], kev: { ...kev, ransomware: true } }),
    ].map(({ value }) => value);
    expect(steps.toSorted((a, b) => a - b)).toEqual(steps);
    expect(new Set(steps).size).toBe(steps.length);
    expect(Math.max(...steps)).toBe(1);
  });

  it('is as the formula says', () => {
    expect(of({ epss: epss(0.25) }).value).toBe(0.5);
    expect(of({ epss: epss(0.25), cvss: [remote] }).value).toBeCloseTo(1 - 0.5 * (1 - 0.35 * 0.98), 2);
    expect(of({ cvss: [remote] }).value).toBeCloseTo(1 - 0.85 * (1 - 0.35 * 0.98), 2);
  });

  it('says that it is blind with a middle value', () => {
    expect(of({})).toMatchObject({ value: 0.3, known: false, evidence: [{ kind: 'blind' }] });
  });

  it("takes the publisher's word where there is no vector", () => {
    expect(of({ publishedSeverity: 'Critical' }).value).toBeGreaterThan(of({ publishedSeverity: 'low' }).value);
    expect(of({ publishedSeverity: 'Important' })).toMatchObject({ known: true, evidence: [{ kind: 'feed' }] });
    expect(of({ publishedSeverity: 'who knows' })).toMatchObject({ known: false });
    expect(of({ publishedSeverity: 'constructor' })).toMatchObject({ known: false });
  });

  it('names its evidence', () => {
    const { evidence, reason } = of({
      kev: { ...kev, ransomware: true },
      epss: epss(0.5),
      exploits: ['https://x'],
      cvss: [remote],
    });
    expect(evidence.map(({ kind }) => kind)).toEqual(['kev', 'epss', 'exploit', 'cvss']);
    expect(evidence[0]?.text).toContain('2026-10-02');
    expect(evidence[2]?.ref).toBe('https://x');
    expect(reason).toBe('It is being exploited in the wild, by ransomware too.');
    expect(of({ epss: epss(0.00042) }).reason).toContain('0.04 %');
  });
});

describe('newestScore', () => {
  it('takes the newest version, and of several the highest', () => {
    const four: CvssScore = { version: '4.0', vector: 'x', score: 5 };
    expect(newestScore([remote, four, local])).toBe(four);
    expect(newestScore([local, remote])).toBe(remote);
    expect(newestScore([])).toBeUndefined();
  });
});
