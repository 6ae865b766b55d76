import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { zipOf } from '../../testing/zip.ts';
import { vsix } from './index.ts';

const archive = zipOf({
  'extension/package.json': '{"name":"ext","version":"1.0.0"}',
  'extension/node_modules/a/package.json': '{"name":"a","version":"1.0.0","license":"MIT"}',
  'extension/node_modules/a/test/package.json': '{"name":"no","version":"1.0.0"}',
  'extension/node_modules/broken/package.json': '{',
});

describe('a packed extension', () => {
  it('has the packages of its node_modules', async () => {
    const { packages, problems } = await extractFrom(vsix, { '/x.vsix': archive });
    expect(packages).toEqual([
      { name: 'a', version: '1.0.0', licences: ['MIT'], within: 'extension/node_modules/a/package.json' },
    ]);
    expect(problems).toHaveLength(1);
  });

  it('survives damage', () => survivesDamage(vsix, '/x.vsix', archive));
});
