import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { createSbom, memoryFileSystemOf } from '../../../packages/sbom/src/index.ts';
import { createPart, type PartScore } from '../../score.ts';
import { type Place, places } from './places.ts';

const Cases = z.array(
  z.object({
    extractor: z.string(),
    file: z.string(),
    error: z.boolean(),
    packages: z.array(z.object({ name: z.string(), version: z.string().nullish() })),
  }),
);

/**
 * Puts each case's file where it is found in a target, and compares the names and versions found. The same name and version
 * twice counts once: a list says so as often as it names it, an SBOM says it once for each place.
 */
export const runScalibr = async (
  folder: string,
): Promise<{ readonly part: PartScore; readonly otherExtractors: readonly string[] }> => {
  const part = createPart('scalibr');
  const others = new Set<string>();
  const cases = Cases.parse(JSON.parse(await readFile(join(folder, 'scalibr-cases.json'), 'utf8')));
  for (const [index, test] of cases.entries()) {
    const place = places[test.extractor];
    if (place === undefined) {
      others.add(test.extractor);
      continue;
    }
    const path = place.path(test.file);
    await using fileSystem = memoryFileSystemOf(await filesOf(join(folder, 'osv-scalibr', test.file), path, place));
    const sbom = await createSbom({ target: { kind: 'directory', name: test.file }, fileSystem });
    const found = sbom.packages
      .filter(({ location }) => location === path || location.startsWith(`${path}!/`))
      .map(({ name, version }) => `${name}@${version}`);
    // A case that must fail passes with a problem; what was read before it may be there.
    const hasFailed = test.error && sbom.problems.length > 0;
    const expected = test.error ? [] : test.packages.map(({ name, version }) => `${name}@${version ?? ''}`);
    part.check(`${index} ${test.file}`, line(expected), hasFailed ? '' : line(found));
  }
  return { part: part.score(), otherExtractors: [...others].sort() };
};

const line = (names: readonly string[]): string => [...new Set(names)].sort().join(' ');

const filesOf = async (source: string, path: string, place: Place): Promise<Record<string, Buffer>> => {
  const files: Record<string, Buffer> = { [path]: await readFile(source) };
  if (place.hasNeighbours !== true) return files;
  for (const entry of await readdir(dirname(source), { withFileTypes: true, recursive: true })) {
    const neighbour = join(entry.parentPath, entry.name);
    if (entry.isFile() && neighbour !== source) {
      files[join(dirname(path), relative(dirname(source), neighbour))] = await readFile(neighbour);
    }
  }
  return files;
};
