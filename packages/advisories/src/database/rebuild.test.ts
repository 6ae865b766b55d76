import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importBundle } from '../bundle/import.ts';
import { manifestOf, zipOf } from '../testing/archives.ts';
import { sampleFeed } from '../testing/feeds.ts';
import { createScratch } from '../testing/scratch.ts';
import { openAdvisoryDatabase } from './open.ts';
import { rebuildDatabase } from './rebuild.ts';

const bundle = zipOf([{ name: 'MANIFEST.json', content: manifestOf(sampleFeed()) }, ...sampleFeed()]);

describe('building anew from what is kept', () => {
  it('gives the same database when its file is lost or of another layout', async () => {
    using scratch = createScratch();
    const databaseDir = join(scratch.folder, 'databases');
    const imported = await importBundle(scratch.put('bundle.zip', bundle), { databaseDir });
    if (!imported.ok) throw new Error(imported.error.message);
    rmSync(imported.value.path);
    expect(await rebuildDatabase({ databaseDir })).toMatchObject({
      value: { version: imported.value.version, counts: imported.value.counts, origin: 'bundle' },
    });
    writeFileSync(imported.value.path, 'a file of another time');
    expect(openAdvisoryDatabase(imported.value.path).ok).toBe(false);
    expect((await rebuildDatabase({ databaseDir })).ok).toBe(true);
    expect(openAdvisoryDatabase(imported.value.path).ok).toBe(true);
  });

  it('says that nothing was imported', async () => {
    using scratch = createScratch();
    expect(await rebuildDatabase({ databaseDir: scratch.folder })).toMatchObject({ error: { code: 'empty-feed' } });
  });

  it('does not take a kept file whose size changed', async () => {
    using scratch = createScratch();
    const databaseDir = join(scratch.folder, 'databases');
    const imported = await importBundle(scratch.put('bundle.zip', bundle), { databaseDir });
    if (!imported.ok) throw new Error(imported.error.message);
    const kev = imported.value.sources.find(({ id }) => id === 'kev');
    writeFileSync(join(databaseDir, 'sources', kev?.sha256 ?? ''), 'x');
    expect(await rebuildDatabase({ databaseDir })).toMatchObject({
      value: { counts: { knownExploited: 0, advisories: 2 } },
    });
  });
});
