import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('.', import.meta.url));

/** The first folder below `src`, with the feature's name for features: `lib`, `components`, `features/findings`, `app`. */
const partOf = (path: string): string => {
  const [first = '', second = ''] = path.split('/');
  return first === 'features' ? `features/${second}` : first;
};

const allowed = (from: string, to: string): boolean => {
  if (from === to || from === 'app' || from.endsWith('.tsx')) return true;
  if (to === 'lib') return true;
  return to === 'components' && from.startsWith('features/');
};

const importsOf = async (file: string): Promise<readonly string[]> => {
  const text = await readFile(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
};

const sources = (await readdir(root, { recursive: true }))
  .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
  .toSorted();

test('there are sources to check', () => expect(sources.length).toBeGreaterThan(100));

test('no feature imports another; lib and components import no feature', async () => {
  const broken: string[] = [];
  for (const file of sources) {
    for (const wanted of await importsOf(file)) {
      if (!wanted.startsWith('.')) continue;
      const target = relative(root, join(root, dirname(file), wanted));
      if (!allowed(partOf(file), partOf(target))) broken.push(`${file} imports ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

test('of the other packages only the API contract is imported', async () => {
  const foreign = new Set<string>();
  for (const file of sources)
    for (const wanted of await importsOf(file)) if (wanted.startsWith('@parapet/')) foreign.add(wanted);
  expect([...foreign]).toEqual(['@parapet/contract/api']);
});

test('what the frame loads later waits for a console that is away', async () => {
  const hasty: string[] = [];
  for (const file of sources.filter((each) => partOf(each) === 'app')) {
    const text = await readFile(join(root, file), 'utf8');
    const later = [...text.matchAll(/\bimport\('([^']+)'\)/g)];
    for (const { index, 1: wanted } of later)
      if (!/patientLoad\([^'"]*$/.test(text.slice(0, index))) hasty.push(`${file} loads ${wanted}`);
  }
  expect(hasty).toEqual([]);
});
