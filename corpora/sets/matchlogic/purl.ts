import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  buildPackageUrl,
  formatPackageUrl,
  type PackageUrl,
  parsePackageUrl,
} from '../../../packages/core/src/index.ts';
import { createPart, type PartScore } from '../../score.ts';

const Parts = z.object({
  type: z.string().nullish(),
  namespace: z.string().nullish(),
  name: z.string().nullish(),
  version: z.string().nullish(),
  qualifiers: z.record(z.string(), z.string()).nullish(),
  subpath: z.string().nullish(),
});
type Parts = z.infer<typeof Parts>;

const Case = z.object({
  description: z.string(),
  test_type: z.enum(['parse', 'build', 'validate']),
  input: z.union([z.string(), Parts]),
  expected_output: z.union([z.string(), Parts]).nullish(),
  expected_failure: z.boolean(),
});
type Case = z.infer<typeof Case>;
const Cases = z.object({ tests: z.array(Case) });

/** Package URLs read (`parse`), written (`build`) and brought into their canonical form (`validate`). */
export const runPurl = async (folder: string): Promise<PartScore> => {
  const part = createPart('purl-spec');
  const types = (await readdir(join(folder, 'types'))).filter((name) => name.endsWith('.json')).sort();
  for (const file of ['spec/specification-test.json', ...types.map((name) => `types/${name}`)]) {
    const { tests } = Cases.parse(JSON.parse(await readFile(join(folder, file), 'utf8')));
    for (const test of tests) {
      const expected = test.expected_failure ? 'failure' : textOf(test.expected_output ?? '');
      part.check(`${file} ${test.test_type} ${JSON.stringify(test.input)}`, expected, answerOf(test));
    }
  }
  return part.score();
};

const answerOf = ({ test_type, input }: Case): string => {
  const made = typeof input === 'string' ? parsePackageUrl(input) : buildPackageUrl(withoutNulls(input));
  if (!made.ok) return 'failure';
  return test_type === 'parse' ? textOf(made.value) : formatPackageUrl(made.value);
};

const withoutNulls = (parts: Parts): Partial<PackageUrl> =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== null && value !== undefined));

/** Parts in one order, empty ones left out. */
const textOf = (value: string | Parts): string => {
  if (typeof value === 'string') return value;
  const { type, namespace, name, version, qualifiers, subpath } = value;
  const sorted = Object.entries(qualifiers ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([type, namespace ?? '', name, version ?? '', sorted, subpath ?? '']);
};
