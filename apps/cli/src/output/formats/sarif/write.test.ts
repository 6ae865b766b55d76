import { expect, it } from 'vitest';
import { z } from 'zod';
import { formatOptions, sampleReport } from '../sample-report.ts';
import { writeSarif } from './write.ts';

const text = z.strictObject({ text: z.string().min(1) });
/** What the schema of SARIF 2.1.0 demands of the parts that are written; strict. */
const Sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z.tuple([
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.literal('Parapet'),
          version: z.string(),
          rules: z.array(
            z.strictObject({
              id: z.string(),
              shortDescription: text,
              properties: z.strictObject({
                tags: z.array(z.string()),
                'security-severity': z
                  .string()
                  .regex(/^\d+\.\d$/)
                  .optional(),
              }),
            }),
          ),
        }),
      }),
      automationDetails: z.strictObject({ id: z.string() }),
      invocations: z.array(
        z.strictObject({
          executionSuccessful: z.boolean(),
          toolExecutionNotifications: z.array(z.strictObject({ level: z.literal('warning'), message: text })),
        }),
      ),
      results: z.array(
        z.strictObject({
          ruleId: z.string(),
          level: z.enum(['none', 'note', 'warning', 'error']),
          message: text,
          locations: z
            .array(
              z.strictObject({
                physicalLocation: z.strictObject({
                  artifactLocation: z.strictObject({ uri: z.string().regex(/^[^/\s][^\s]*$/) }),
                  region: z.strictObject({ startLine: z.number().int().min(1) }),
                }),
                logicalLocations: z.array(z.strictObject({ fullyQualifiedName: z.string(), kind: z.string() })),
              }),
            )
            .min(1),
          partialFingerprints: z.record(z.string(), z.string()),
        }),
      ),
    }),
  ]),
});

it('has one rule for each vulnerability and one result for each finding', () => {
  const [run] = Sarif.parse(JSON.parse(writeSarif(sampleReport, formatOptions))).runs;
  expect(run.tool.driver.rules.map(({ id }) => id)).toEqual(['CVE-2026-0001', 'GHSA-xxxx-yyyy-zzzz']);
  expect(run.tool.driver.rules[0]?.properties['security-severity']).toBe('9.8');
  expect(run.results.map(({ ruleId, level }) => `${ruleId} ${level}`)).toEqual([
    'CVE-2026-0001 error',
    'GHSA-xxxx-yyyy-zzzz note',
  ]);
  expect(run.results[0]?.locations[0]?.physicalLocation.artifactLocation.uri).toBe('var/lib/dpkg/status');
});

it('tells what was not read and not matched', () => {
  const [run] = Sarif.parse(JSON.parse(writeSarif(sampleReport, formatOptions))).runs;
  expect(run.invocations[0]?.toolExecutionNotifications.map(({ message }) => message.text)).toEqual([
    'The file is too large. (/srv/huge.jar)',
    ...sampleReport.gaps,
  ]);
});
