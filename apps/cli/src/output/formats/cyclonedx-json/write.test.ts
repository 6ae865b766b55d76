import { expect, it } from 'vitest';
import { z } from 'zod';
import { formatOptions, sampleReport } from '../sample-report.ts';
import { writeCycloneDxScan } from './write.ts';

/** What the JSON schema of CycloneDX 1.6 demands of vulnerabilities, as far as they are written; strict. */
const Bom = z.object({
  components: z.array(z.object({ 'bom-ref': z.string() })),
  vulnerabilities: z.array(
    z.strictObject({
      'bom-ref': z.string(),
      id: z.string(),
      references: z.array(z.strictObject({ id: z.string(), source: z.strictObject({ name: z.string() }) })).optional(),
      ratings: z.array(
        z.strictObject({
          severity: z.enum(['critical', 'high', 'medium', 'low', 'info', 'none', 'unknown']),
          score: z.number().optional(),
          method: z.enum(['CVSSv2', 'CVSSv3', 'CVSSv31', 'CVSSv4', 'OWASP', 'SSVC', 'other']).optional(),
          vector: z.string().optional(),
        }),
      ),
      description: z.string(),
      recommendation: z.string(),
      affects: z.array(
        z.strictObject({
          ref: z.string(),
          versions: z.array(
            z.strictObject({ version: z.string(), status: z.enum(['affected', 'unaffected', 'unknown']) }),
          ),
        }),
      ),
      properties: z.array(z.strictObject({ name: z.string(), value: z.string() })),
    }),
  ),
});

it('names for each vulnerability a component that is there', () => {
  const bom = Bom.parse(JSON.parse(writeCycloneDxScan(sampleReport, formatOptions)));
  const references = bom.components.map((component) => component['bom-ref']);
  expect(bom.vulnerabilities.map(({ id }) => id)).toEqual(['CVE-2026-0001', 'GHSA-xxxx-yyyy-zzzz']);
  expect(bom.vulnerabilities.every(({ affects }) => affects.every(({ ref }) => references.includes(ref)))).toBe(true);
  expect(bom.vulnerabilities[0]?.ratings[0]).toMatchObject({ score: 9.8, method: 'CVSSv31', severity: 'critical' });
});

it('says nothing of vulnerabilities when packages were not matched', () => {
  const { findings, ...unmatched } = sampleReport;
  expect(findings).toBeDefined();
  expect(JSON.parse(writeCycloneDxScan(unmatched, formatOptions))).not.toHaveProperty('vulnerabilities');
});
