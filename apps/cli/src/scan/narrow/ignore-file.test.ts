import { describe, expect, it } from 'vitest';
import { sampleReport } from '../../output/formats/sample-report.ts';
import { createIgnoring, parseIgnoreFile } from './ignore-file.ts';

const now = Date.parse('2026-11-28T12:00:00Z');
const [openssl] = sampleReport.findings ?? [];
if (openssl === undefined) throw new Error('the sample has no findings');

const ignoringOf = (text: string) => {
  const rules = parseIgnoreFile(text);
  if (!rules.ok) throw new Error(rules.error.message);
  return createIgnoring(rules.value, now);
};

describe('an ignore file', () => {
  it.each([
    ['id: CVE-2026-0001', true],
    ['id: DSA-1-1', true],
    ['id: CVE-2026-0009', false],
    ['purl: pkg:deb/debian/openssl', true],
    ['purl: pkg:deb/debian/openssl@3.0.11-1', true],
    ['purl: pkg:deb/debian/openssl@3.0.11-2', false],
    ['purl: pkg:deb/ubuntu/openssl', false],
    ['id: CVE-2026-0001\n    purl: pkg:npm/openssl', false],
  ])('with %j speaks of the finding: %s', (what, isIgnored) => {
    const { ruleFor } = ignoringOf(`ignore:\n  - ${what}\n    reason: not reachable\n    expires: 2026-11-28\n`);
    expect(ruleFor(openssl) !== undefined).toBe(isIgnored);
  });

  it('holds to the end of its last day, and then says that it is over', () => {
    const { ruleFor, expired } = ignoringOf('ignore: [{id: CVE-2026-0001, reason: x, expires: 2026-11-27}]');
    expect(ruleFor(openssl)).toBeUndefined();
    expect(expired).toHaveLength(1);
  });

  it('may be JSON', () => {
    expect(parseIgnoreFile('{"ignore":[{"id":"CVE-1","reason":"x","expires":"2027-01-01"}]}')).toMatchObject({
      ok: true,
    });
  });

  it.each([
    ['ignore: [{id: CVE-1, expires: 2027-01-01}]', 'ignore.0.reason'],
    ['ignore: [{id: CVE-1, reason: " ", expires: 2027-01-01}]', 'a reason is required'],
    ['ignore: [{id: CVE-1, reason: x}]', 'ignore.0.expires'],
    ['ignore: [{id: CVE-1, reason: x, expires: soon}]', 'ignore.0.expires'],
    ['ignore: [{reason: x, expires: 2027-01-01}]', 'id, purl or both'],
    ['ignore: [{purl: openssl, reason: x, expires: 2027-01-01}]', 'ignore.0.purl'],
    ['ignore: [{id: CVE-1, reason: x, expires: 2027-01-01, packge: y}]', 'packge'],
    ['- CVE-1', 'its top'],
    ['ignore: [', 'neither YAML nor JSON'],
    ['a: &a [x]\nb: *a\n', 'neither YAML nor JSON'],
  ])('%j is refused with its place', (text, place) => {
    const parsed = parseIgnoreFile(text);
    expect(parsed.ok ? 'accepted' : parsed.error.message).toContain(place);
  });
});
