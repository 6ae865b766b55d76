import { expect, it } from 'vitest';
import { z } from 'zod';
import { formatOptions, sampleReport } from '../sample-report.ts';
import { writeGitlab } from './write.ts';

const Program = z.strictObject({
  id: z.string().min(1),
  name: z.string().min(1),
  version: z.string().min(1),
  vendor: z.strictObject({ name: z.string().min(1) }),
});
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
const dependency = z.strictObject({ package: z.strictObject({ name: z.string() }), version: z.string() });
const reportOf = (location: z.ZodType) =>
  z.object({
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
    scan: z.strictObject({
      analyzer: Program,
      scanner: Program,
      type: z.enum(['container_scanning', 'dependency_scanning']),
      start_time: time,
      end_time: time,
      status: z.enum(['success', 'failure']),
      messages: z.array(z.strictObject({ level: z.enum(['info', 'warn', 'fatal']), value: z.string().min(1) })),
    }),
    vulnerabilities: z.array(
      z.strictObject({
        id: z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/),
        name: z.string().max(255),
        description: z.string(),
        severity: z.enum(['Info', 'Unknown', 'Low', 'Medium', 'High', 'Critical']),
        solution: z.string(),
        location,
        identifiers: z
          .array(z.strictObject({ type: z.string().min(1), name: z.string().min(1), value: z.string().min(1) }))
          .min(1)
          .max(20),
      }),
    ),
  });

it('of an image is a container scan', () => {
  const Container = reportOf(
    z.strictObject({ dependency, image: z.string().min(1), operating_system: z.string().min(1) }),
  );
  const report = Container.parse(JSON.parse(writeGitlab(sampleReport, formatOptions)));
  expect(report.scan.type).toBe('container_scanning');
  expect(report.vulnerabilities.map(({ severity }) => severity)).toEqual(['Critical', 'Unknown']);
  expect(report.vulnerabilities[0]?.identifiers.map(({ type, value }) => `${type} ${value}`)).toEqual([
    'cve CVE-2026-0001',
    'dsa DSA-1-1',
  ]);
});

it('of a folder is a scan of dependencies, which demands the list of files', () => {
  const Dependencies = reportOf(z.strictObject({ dependency, file: z.string().min(1) })).extend({
    dependency_files: z.array(z.unknown()),
  });
  const sbom = { ...sampleReport.sbom, target: { kind: 'directory' as const, name: '/srv' } };
  const report = Dependencies.parse(JSON.parse(writeGitlab({ ...sampleReport, sbom }, formatOptions)));
  expect(report.scan.type).toBe('dependency_scanning');
});
