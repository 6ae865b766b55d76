import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { zipOf } from '../../testing/zip.ts';
import { pythonArchive } from './index.ts';

const metadata = (name: string): string => `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`;
const wheel = zipOf({
  'vendored/other.dist-info/METADATA': metadata('other'),
  'sample-1.0.dist-info/METADATA': metadata('sample'),
});

describe('an archive of Python', () => {
  it('is the package that it holds', async () => {
    const files = { '/sample-1.0-py3-none-any.whl': wheel, '/e.egg': zipOf({ 'EGG-INFO/PKG-INFO': metadata('egg') }) };
    expect(await namesFrom(pythonArchive, files)).toEqual(['egg@1.0', 'sample@1.0']);
  });

  it('without metadata, or that is none, is a problem', async () => {
    const { problems } = await extractFrom(pythonArchive, { '/a.whl': zipOf({ a: '' }), '/b.egg': 'none' });
    expect(problems).toHaveLength(2);
  });

  it('survives damage', () => survivesDamage(pythonArchive, '/a.whl', wheel));
});
