import { expect, it } from 'vitest';
import { sampleReport } from '../sample-report.ts';
import { writeAnnotations } from './write.ts';

it('writes a command a line, and no name can begin one', () => {
  const lines = writeAnnotations(sampleReport).trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toBe(
    '::error file=var/lib/dpkg/status,title=CVE-2026-0001 in openssl 3.0.11-1::An overflow while a handshake is read (critical, likelihood 0.97: known to be exploited). Upgrade openssl to 3.0.11-2.',
  );
  expect(lines[1]).toContain('title=GHSA-xxxx-yyyy-zzzz in a"<b>&\u001b[2J%25%2C%3A%0A%3A%3Aerror%3A%3Ax 1.0.0::');
  expect(lines.every((line) => /^::(?:error|warning|notice) /.test(line))).toBe(true);
});

it('says how many it does not show', () => {
  const [first] = sampleReport.findings ?? [];
  const findings = Array.from({ length: 60 }, () => first).flatMap((finding) => finding ?? []);
  expect(writeAnnotations({ ...sampleReport, findings })).toContain('10 more findings');
});
