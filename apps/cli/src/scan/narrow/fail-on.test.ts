import { describe, expect, it } from 'vitest';
import { sampleReport } from '../../output/formats/sample-report.ts';
import { parseFailOn, reasonsToFail } from './fail-on.ts';

const reasons = (text: string, report = sampleReport): readonly string[] => {
  const parsed = parseFailOn(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return reasonsToFail(report, parsed.value);
};

describe('--fail-on', () => {
  it.each([
    ['critical', ['critical or worse: CVE-2026-0001 in openssl 3.0.11-1']],
    ['low', ['low or worse: CVE-2026-0001 in openssl 3.0.11-1']],
    [
      'kev, risk:0.97',
      [
        'known to be exploited: CVE-2026-0001 in openssl 3.0.11-1',
        'likelihood of 0.97 or more: CVE-2026-0001 in openssl 3.0.11-1',
      ],
    ],
    ['risk:0.98', []],
    ['incomplete', ['incomplete: The file is too large. (/srv/huge.jar) and 1 more']],
  ])('%s gives its reasons', (text, expected) => expect(reasons(text)).toEqual(expected));

  it('any counts what nobody rated', () => {
    expect(reasons('any')[0]).toContain('GHSA-xxxx-yyyy-zzzz');
  });

  it('is no reason where nothing was found', () => {
    expect(reasons('any,kev,risk:0', { ...sampleReport, findings: [] })).toEqual([]);
  });

  it.each(['', 'severe', 'risk:2', 'risk:', 'high,', 'risk:-1'])('refuses %j', (text) => {
    expect(parseFailOn(text)).toMatchObject({ ok: false });
  });
});
