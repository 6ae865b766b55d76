import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createSbom, openDirectory } from '../../../packages/sbom/src/index.ts';
import { createPart, type PartScore } from '../../score.ts';
import { openTrivyDatabase } from './trivy-database.ts';

const Cases = z.array(
  z.object({
    name: z.string(),
    input: z.string(),
    options: z.object({ skipFiles: z.string().optional(), skipDirs: z.string().optional() }).loose().nullish(),
    expected: z.array(z.object({ vulns: z.array(z.array(z.string().nullish())) })).optional(),
  }),
);

/** Scans each input and compares (id, package, installed version) with the golden; a leading `v` of Go's versions is left out. */
export const runTrivy = async (folder: string): Promise<PartScore> => {
  const part = createPart('trivy');
  const base = join(folder, 'trivy', 'integration');
  const scratch = await mkdtemp(join(tmpdir(), 'parapet-corpora-trivy-'));
  try {
    using database = await openTrivyDatabase(join(base, 'testdata', 'fixtures', 'db'), scratch);
    const cases = Cases.parse(JSON.parse(await readFile(join(folder, 'trivy-cases.json'), 'utf8')));
    for (const test of cases) {
      const expected = (test.expected ?? []).flatMap(({ vulns }) =>
        vulns.map(([id, name, version]) => lineOf(id, name, version)),
      );
      const input = join(base, test.input);
      if (expected.length === 0 || !(await isFolder(input))) continue;
      const opened = await openDirectory(input);
      if (!opened.ok) throw new Error(opened.error.message);
      await using fileSystem = opened.value;
      const sbom = await createSbom({ target: { kind: 'directory', name: test.name }, fileSystem });
      const skipped = skippedBy(test.options ?? {}, test.input);
      // What a project needs for its own development is left out unless asked for, as the goldens have it.
      const packages = sbom.packages.filter(
        ({ scope, location }) => scope !== 'dev' && !skipped.some((path) => location.startsWith(path)),
      );
      const found = database
        .match(packages, sbom.distribution)
        .map((match) =>
          lineOf(
            match.vulnerability.startsWith('TRIVY-') ? match.aliases[0] : match.vulnerability,
            match.packageName,
            match.installedVersion,
          ),
        );
      part.check(test.name, sorted(expected), sorted(found));
    }
    return part.score();
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

const lineOf = (
  id: string | null | undefined,
  name: string | null | undefined,
  version: string | null | undefined,
): string => `${id} ${name} ${(version ?? '').replace(/^v/, '')}`;

const sorted = (lines: readonly string[]): string => [...new Set(lines)].sort().join(', ');

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;

/** Go literals such as `[]string{"testdata/…/submod2/go.mod"}`, as paths inside the input. */
const skippedBy = (
  options: { readonly skipFiles?: string | undefined; readonly skipDirs?: string | undefined },
  input: string,
): string[] =>
  [options.skipFiles ?? '', options.skipDirs ?? '']
    .flatMap((text) => [...text.matchAll(/"([^"]+)"/g)].map(([, path = '']) => path))
    .map((path) => path.replace(input, ''));
