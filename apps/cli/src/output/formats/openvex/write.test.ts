import { parseVex } from '@parapet/advisories';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { formatOptions, sampleReport } from '../sample-report.ts';
import { writeVex } from './write.ts';

/** What OpenVEX 0.2.0 demands: an affected product has an action. */
const Statement = z.object({
  vulnerability: z.object({ name: z.string() }),
  products: z.array(z.object({ '@id': z.string().startsWith('pkg:') })).min(1),
  status: z.literal('affected'),
  action_statement: z.string().min(1),
});

it('tells what is affected and what to do', () => {
  const text = writeVex(sampleReport, formatOptions);
  const { statements } = z.object({ statements: z.array(Statement) }).parse(JSON.parse(text));
  expect(statements.map(({ vulnerability, action_statement: action }) => `${vulnerability.name}: ${action}`)).toEqual([
    'CVE-2026-0001: Upgrade to 3.0.11-2',
    'GHSA-xxxx-yyyy-zzzz: No fixed version is published yet',
    'CVE-2026-0002: Accepted: Not reachable (until 2027-01-01)',
  ]);
});

it('is read by the reader of --vex', () => {
  const parsed = parseVex(writeVex(sampleReport, formatOptions));
  expect(parsed).toMatchObject({ ok: true, value: { format: 'openvex' } });
});
