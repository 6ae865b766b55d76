import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { programVersion } from './version.ts';

it('is the version of the repository', async () => {
  const manifest = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(programVersion).toBe(manifest.version);
});
