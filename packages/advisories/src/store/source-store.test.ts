import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createScratch } from '../testing/scratch.ts';
import { createSourceStore, type StoredSource } from './source-store.ts';

const sourceOf = (id: string, content: string): StoredSource => ({
  id,
  sha256: createHash('sha256').update(content).digest('hex'),
  sizeBytes: Buffer.byteLength(content),
});

const keep = async (databaseDir: string, contents: Readonly<Record<string, string>>): Promise<void> => {
  const store = createSourceStore(databaseDir);
  await using staging = await store.stage();
  const sources = Object.entries(contents).map(([id, content]) => sourceOf(id, content));
  const staged = Object.entries(contents).map(([id, content], index): [string, string] => {
    const path = join(staging.folder, String(index));
    writeFileSync(path, content);
    return [sourceOf(id, content).sha256, path];
  });
  await store.replace(sources, new Map(staged));
};

describe('the publishers’ files that are kept', () => {
  it('are found again by their content', async () => {
    using scratch = createScratch();
    await keep(scratch.folder, { kev: 'one', epss: 'two' });
    const store = createSourceStore(scratch.folder);
    expect(await store.list()).toEqual([sourceOf('kev', 'one'), sourceOf('epss', 'two')]);
    expect(existsSync(store.fileOf(sourceOf('kev', 'one')).path)).toBe(true);
  });

  it('are forgotten when nothing names them any more', async () => {
    using scratch = createScratch();
    await keep(scratch.folder, { kev: 'one' });
    await keep(scratch.folder, { kev: 'newer' });
    expect(await createSourceStore(scratch.folder).list()).toEqual([sourceOf('kev', 'newer')]);
    expect(readdirSync(join(scratch.folder, 'sources')).sort()).toEqual(
      [sourceOf('kev', 'newer').sha256, 'state.json'].sort(),
    );
  });

  it.each([
    '',
    '{',
    '[]',
    '{"format":"parapet-feed-sources/99","sources":[]}',
    '{"format":"parapet-feed-sources/1","sources":[{"id":1}]}',
  ])('are none when their list is %j', async (text) => {
    using scratch = createScratch();
    mkdirSync(join(scratch.folder, 'sources'));
    writeFileSync(join(scratch.folder, 'sources/state.json'), text);
    expect(await createSourceStore(scratch.folder).list()).toEqual([]);
  });

  it('are no more than a name in the list when the file is gone', async () => {
    using scratch = createScratch();
    await keep(scratch.folder, { kev: 'one', epss: 'two' });
    writeFileSync(join(scratch.folder, 'sources', sourceOf('kev', 'one').sha256), 'cut short');
    expect((await createSourceStore(scratch.folder).list()).map(({ id }) => id)).toEqual(['epss']);
  });
});

describe('what a killed import left', () => {
  it('is removed by a later one after a day, and left alone before', async () => {
    using scratch = createScratch();
    const sources = join(scratch.folder, 'sources');
    mkdirSync(join(sources, 'staging-old'), { recursive: true });
    mkdirSync(join(sources, 'staging-new'));
    writeFileSync(join(scratch.folder, '.building-old.db'), 'x');
    writeFileSync(join(scratch.folder, 'advisories-0123456789abcdef.db'), 'x');
    const longAgo = new Date(Date.now() - 48 * 60 * 60 * 1000);
    for (const path of [
      join(sources, 'staging-old'),
      join(scratch.folder, '.building-old.db'),
      join(scratch.folder, 'advisories-0123456789abcdef.db'),
    ]) {
      utimesSync(path, longAgo, longAgo);
    }
    await using staging = await createSourceStore(scratch.folder).stage();
    expect(existsSync(staging.folder)).toBe(true);
    expect(existsSync(join(sources, 'staging-old'))).toBe(false);
    expect(existsSync(join(sources, 'staging-new'))).toBe(true);
    expect(readdirSync(scratch.folder).sort()).toEqual(['advisories-0123456789abcdef.db', 'sources']);
  });
});
