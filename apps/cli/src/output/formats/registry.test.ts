import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formats } from './registry.ts';
import { formatOptions, sampleReport } from './sample-report.ts';

const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe('the registry of formats', () => {
  it('has every folder, and nothing else', () => {
    expect(formats.map(({ name }) => name).sort()).toEqual(folders.sort());
  });

  it.each(folders)('%s has the files of a format', (name) => {
    expect(readdirSync(join(import.meta.dirname, name)).sort()).toEqual(['index.ts', 'write.test.ts', 'write.ts']);
  });

  it.each(formats)('$name writes whole lines, of an empty scan too', ({ write }) => {
    expect(write(sampleReport, formatOptions)).toMatch(/[^\n]\n$/);
    const empty = {
      ...sampleReport,
      sbom: { ...sampleReport.sbom, packages: [] },
      findings: [],
      gaps: [],
      setAside: [],
    };
    expect(write(empty, formatOptions)).toMatch(/^$|\n$/);
  });
});
