import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FileExtractor, FormatError } from '../extractors/extractor.ts';
import type { FileSystem } from '../file-system/file-system.ts';
import { openDirectory, openLayers } from '../file-system/layers.ts';
import { memoryFileSystemOf } from '../file-system/memory.ts';
import { skipsOf } from './skipped.ts';
import { type WalkOptions, walkFiles } from './walk-files.ts';

/** Takes `name version` files for packages. */
const sample: FileExtractor = {
  name: 'sample',
  type: 'generic',
  evidence: 'installed',
  reads: ['*.pkg'],
  wish: { extensions: ['pkg'], program: (head) => head.toString('latin1', 0, 4) === 'PROG' },
  maxBytes: 5000,
  extract: async (file) => {
    const text = await file.text();
    if (!text.ok) throw new FormatError(text.error.message);
    if (text.value === 'broken') throw new FormatError('it is broken.');
    return { packages: [{ name: file.name, version: text.value.slice(0, 8) }] };
  },
};

const walk = async (fileSystem: FileSystem, options: Partial<WalkOptions> = {}) => {
  const walked = await walkFiles({
    fileSystem,
    extractors: [sample],
    skips: skipsOf('host'),
    signal: new AbortController().signal,
    ...options,
  });
  return {
    paths: walked.readings.map(({ path }) => path),
    layers: walked.readings.map(({ layer }) => layer),
    problems: walked.problems.map(({ code, at }) => `${code} ${at}`),
    leftOut: walked.leftOut,
  };
};

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'parapet-walk-'));
  for (const folder of ['a/b', 'upper/a', 'lower/a', 'lower/c']) mkdirSync(join(root, folder), { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a walk', () => {
  it('reads wanted files in the order of their paths', async () => {
    const { paths, problems } = await walk(
      memoryFileSystemOf({ '/z.pkg': '1', '/b/c.PKG': '2', '/a/x.txt': '3', '/a/b/d.pkg': '4', '/a.pkg': '5' }),
    );
    expect(paths).toEqual(['/a.pkg', '/z.pkg', '/a/b/d.pkg', '/b/c.PKG']);
    expect(problems).toEqual([]);
  });

  it('takes what is removed while it runs for what is not there', async () => {
    const place = join(root, 'moving');
    for (const folder of ['a', 'b/deep', 'c']) mkdirSync(join(place, folder), { recursive: true });
    const files = ['a/first.pkg', 'a/gone.pkg', 'b/deep/gone.pkg', 'c/broken.pkg', 'c/last.pkg'];
    for (const file of files) writeFileSync(join(place, file), file === 'c/broken.pkg' ? 'broken' : '1');
    const opened = await openDirectory(place);
    if (!opened.ok) throw new Error(opened.error.message);
    await using fileSystem = opened.value;
    const removing: FileExtractor = {
      ...sample,
      extract: async (file, context) => {
        rmSync(join(place, 'b'), { recursive: true, force: true });
        rmSync(join(place, 'a/gone.pkg'), { force: true });
        return sample.extract(file, context);
      },
    };
    const { paths, problems } = await walk(fileSystem, { extractors: [removing] });
    expect({ paths, problems }).toEqual({
      paths: ['/a/first.pkg', '/c/last.pkg'],
      problems: ['broken-file /c/broken.pkg'],
    });
  });

  it('knows programs by their first bytes, and does not open what is called a text', async () => {
    const program = Buffer.alloc(4096, 'PROG');
    const { paths } = await walk(
      memoryFileSystemOf({
        '/bin/tool': program,
        '/bin/note.txt': program,
        '/bin/other': Buffer.alloc(4096),
        '/bin/small': 'PROG',
      }),
    );
    expect(paths).toEqual(['/bin/tool']);
  });

  it('follows no link, and counts a file of several names once', async () => {
    writeFileSync(join(root, 'a/b/one.pkg'), '1');
    linkSync(join(root, 'a/b/one.pkg'), join(root, 'a/b/two.pkg'));
    symlinkSync('one.pkg', join(root, 'a/b/three.pkg'));
    symlinkSync('..', join(root, 'a/b/up'));
    symlinkSync('/etc', join(root, 'a/etc'));
    const opened = await openDirectory(join(root, 'a'));
    if (!opened.ok) throw new Error(opened.error.message);
    await using fileSystem = opened.value;
    expect(await walk(fileSystem)).toMatchObject({ paths: ['/b/one.pkg'], problems: [] });
  });

  it('sees layers as one, and tells the layer of each file', async () => {
    writeFileSync(join(root, 'lower/a/gone.pkg'), '1');
    writeFileSync(join(root, 'lower/a/old.pkg'), '1');
    writeFileSync(join(root, 'lower/c/kept.pkg'), '1');
    writeFileSync(join(root, 'upper/a/old.pkg'), '2');
    writeFileSync(join(root, 'upper/a/.wh.gone.pkg'), '');
    const opened = await openLayers([join(root, 'upper'), join(root, 'lower')], {
      layerDigests: ['sha256:u', 'sha256:l'],
    });
    if (!opened.ok) throw new Error(opened.error.message);
    await using fileSystem = opened.value;
    expect(await walk(fileSystem)).toMatchObject({
      paths: ['/a/old.pkg', '/c/kept.pkg'],
      layers: ['sha256:u', 'sha256:l'],
      problems: [],
    });
  });

  it('makes what cannot be read a problem of that file', async () => {
    const { paths, problems } = await walk(
      memoryFileSystemOf({ '/a.pkg': 'broken', '/b.pkg': 'x'.repeat(6000), '/c.pkg': '1' }),
    );
    expect(paths).toEqual(['/c.pkg']);
    expect(problems).toEqual(['broken-file /a.pkg', 'too-large /b.pkg']);
  });

  it('stops at its limits and says so', async () => {
    const files = memoryFileSystemOf({ '/a/b/c/d.pkg': '1', '/e.pkg': '1', '/f.pkg': '1', '/g.pkg': '1' });
    expect(await walk(files, { limits: { maxDepth: 2 } })).toMatchObject({ problems: ['too-deep /a/b'] });
    expect(await walk(files, { limits: { maxPending: 0 } })).toMatchObject({ problems: ['too-many /a'] });
    expect(await walk(files, { limits: { maxPackages: 3 } })).toMatchObject({ leftOut: 1 });
    expect((await walk(files, { limits: { maxEntries: 2 } })).problems).toEqual(['too-many undefined']);
  });

  it('stops when asked', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(walk(memoryFileSystemOf({ '/a.pkg': '1' }), { signal })).rejects.toThrow('enough');
  });

  it('leaves out other mounts', async () => {
    const files = {
      ...memoryFileSystemOf({ '/mnt/a.pkg': '1', '/b.pkg': '1' }),
      isForeign: (path: string) => path === '/mnt',
    };
    expect((await walk(files)).paths).toEqual(['/b.pkg']);
  });
});

describe('what is skipped', () => {
  const files = memoryFileSystemOf(
    Object.fromEntries(
      [
        '/proc/1/a.pkg',
        '/var/lib/docker/overlay2/x/diff/a.pkg',
        '/data/engine/overlay2/x/diff/a.pkg',
        '/home/me/.local/share/containers/storage/overlay/x/diff/a.pkg',
        '/data/io.containerd.snapshotter.v1.overlayfs/a.pkg',
        '/srv/.git/a.pkg',
        '/srv/a.pkg',
      ].map((path) => [path, '1']),
    ),
  );

  it('of a host: the kernel’s folders, images and containers, histories', async () => {
    expect((await walk(files)).paths).toEqual(['/srv/a.pkg']);
  });

  it('of an image: the kernel’s folders and histories', async () => {
    expect((await walk(files, { skips: skipsOf('image') })).paths).toHaveLength(5);
  });

  it('of a folder: histories', async () => {
    expect((await walk(files, { skips: skipsOf('directory') })).paths).toHaveLength(6);
  });
});
