import { expect, it } from 'vitest';
import { formatOptions, sampleReport } from '../sample-report.ts';
import { writeTable } from './write.ts';

it('says what was found, not read, not matched, left out and set aside', () => {
  const text = writeTable(sampleReport, formatOptions);
  expect(text).toContain('2 packages, Debian GNU/Linux 12 (bookworm)');
  expect(text).toContain('not read: The file is too large. (/srv/huge.jar)');
  expect(text).toContain('not matched: There are no advisories for packages of the type npm');
  expect(text).toMatch(/0\.97 +critical +CVE-2026-0001 +openssl/);
  expect(text).toContain('3 left out by');
  expect(text).toContain('1 do not count: the ignore file');
});

it('lets no name clear the screen or make a row of its own', () => {
  const text = writeTable(sampleReport, formatOptions);
  expect(text).not.toContain('\u001b[2J');
  expect(text.split('\n').some((line) => line.startsWith('::error'))).toBe(false);
});

it('says how many rows it does not show', () => {
  expect(writeTable(sampleReport, { ...formatOptions, shownAtMost: 1 })).toContain('1 more; --all shows them');
});

it('does not pretend that nothing was found when nothing was matched', () => {
  const { findings, ...unmatched } = sampleReport;
  expect(findings).toBeDefined();
  expect(writeTable(unmatched, formatOptions)).toContain('There are no advisories yet');
});
