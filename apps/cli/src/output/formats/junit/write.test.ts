import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { expect, it } from 'vitest';
import { sampleReport } from '../sample-report.ts';
import { writeJunit } from './write.ts';

it('is XML with one failing case for each finding, whatever their names hold', () => {
  const xml = writeJunit(sampleReport);
  expect(XMLValidator.validate(xml)).toBe(true);
  expect(xml).not.toContain('\u001b');
  const parsed: unknown = new XMLParser({ ignoreAttributes: false }).parse(xml);
  expect(parsed).toMatchObject({
    testsuites: {
      '@_failures': '2',
      testsuite: {
        '@_name': 'example.org/app:1',
        '@_timestamp': '2026-11-21T12:00:00',
        testcase: [
          { '@_name': 'CVE-2026-0001', failure: { '@_type': 'critical' } },
          { '@_name': 'GHSA-xxxx-yyyy-zzzz', failure: { '@_message': expect.stringContaining('a"<b>&�[2J') } },
        ],
      },
    },
  });
});
