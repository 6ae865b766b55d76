import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readers } from './registry.ts';

const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe('the registry of readers', () => {
  it('has every folder, and nothing else', () => {
    expect(readers.map(({ name }) => name).sort()).toEqual(folders.sort());
  });

  it.each(folders)('%s has the files of a reader', (name) => {
    expect(readdirSync(join(import.meta.dirname, name)).sort()).toEqual(['index.ts', 'read.test.ts', 'read.ts']);
  });
});
