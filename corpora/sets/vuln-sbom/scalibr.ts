import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { createSbom, memoryFileSystemOf } from '../../../packages/sbom/src/index.ts';
import { createPart, type PartScore } from '../../score.ts';

const Cases = z.array(
  z.object({
    extractor: z.string(),
    file: z.string(),
    error: z.boolean(),
    packages: z.array(z.object({ name: z.string(), version: z.string().nullish() })),
  }),
);

/** Where an extractor's database lies in a target. */
const places: Readonly<Record<string, string>> = {
  'os/dpkg': '/var/lib/dpkg/status',
  'os/apk': '/lib/apk/db/installed',
  'os/rpm': '/var/lib/rpm/Packages',
};

/** Puts each case's file where its package manager has it, and compares the names and versions found. */
export const runScalibr = async (
  folder: string,
): Promise<{ readonly part: PartScore; readonly otherExtractors: readonly string[] }> => {
  const part = createPart('scalibr');
  const others = new Set<string>();
  const cases = Cases.parse(JSON.parse(await readFile(join(folder, 'scalibr-cases.json'), 'utf8')));
  for (const [index, test] of cases.entries()) {
    const place = places[test.extractor];
    if (place === undefined || test.file.includes('/opkg/')) {
      if (place === undefined) others.add(test.extractor);
      continue;
    }
    const content = await readFile(join(folder, 'osv-scalibr', test.file));
    await using fileSystem = memoryFileSystemOf({ [place]: content });
    const sbom = await createSbom({ target: { kind: 'directory', name: test.file }, fileSystem });
    const found = sbom.packages.map(({ name, version }) => `${name}@${version}`);
    const expected = test.error ? [] : test.packages.map(({ name, version }) => `${name}@${version ?? ''}`);
    part.check(`${index} ${test.file}`, expected.sort().join(' '), found.sort().join(' '));
  }
  return { part: part.score(), otherExtractors: [...others].sort() };
};
