import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { purlOf } from '../../../packages/sbom/src/index.ts';
import { createPart, type PartScore } from '../../score.ts';

const Cases = z.object({
  tests: z.array(
    z.object({
      description: z.string(),
      test_type: z.string(),
      input: z.unknown().optional(),
      expected_output: z.unknown().optional(),
      expected_failure: z.boolean(),
    }),
  ),
});

const Parts = z.object({
  type: z.string(),
  namespace: z.string().nullish(),
  name: z.string(),
  version: z.string().nullish(),
  qualifiers: z.record(z.string(), z.string()).nullish(),
});

/** Package URLs are only written so far: the `build` cases of the types that are found. */
export const runPurl = async (folder: string): Promise<PartScore> => {
  const part = createPart('purl build: deb, apk, rpm');
  for (const type of ['deb', 'apk', 'rpm']) {
    const { tests } = Cases.parse(JSON.parse(await readFile(join(folder, `${type}-test.json`), 'utf8')));
    for (const test of tests.filter(({ test_type, expected_failure }) => test_type === 'build' && !expected_failure)) {
      const { name, namespace, version, qualifiers } = Parts.parse(test.input);
      const actual = purlOf(type, namespace ?? '', name, version ?? '', qualifiers ?? {});
      part.check(`${type}: ${test.description}`, String(test.expected_output), actual);
    }
  }
  return part.score();
};
