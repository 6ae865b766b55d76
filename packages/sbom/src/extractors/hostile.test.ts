import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSbom } from '../create-sbom.ts';
import { memoryFileSystemOf } from '../file-system/memory.ts';
import { extractFrom } from '../testing/extract.ts';
import { elfOf, machOOf, peOf } from '../testing/program.ts';
import { zipOf } from '../testing/zip.ts';
import type { FileExtractor } from './extractor.ts';
import { fileExtractors } from './registry.ts';

/** Folders in which some extractor looks, so that every one has a path that it accepts. */
const folders = [
  '/srv',
  '/srv/conda-meta',
  '/srv/composer',
  '/srv/a.dist-info',
  '/srv/gradle/dependency-locks',
  '/srv/requirements',
  '/srv/node_modules/.pnpm',
  '/srv/vcpkg',
  '/srv/go',
  '/lib/modules/6.1.0/extra',
  '/lib/modules/6.1.0',
  '/srv/.github/workflows',
];
const stems = ['a', 'pylock.a', 'libs.versions', 'a.deps', 'gradle', 'Manifest'];

const pathsOf = ({ wish }: FileExtractor): string[] => {
  const names = [
    ...(wish.names ?? []),
    ...(wish.extensions ?? []).flatMap((ending) => stems.map((stem) => `${stem}.${ending}`)),
  ];
  const paths = folders.flatMap((folder) => names.map((name) => `${folder}/${name}`));
  const accepted = paths.filter((path) => wish.accepts?.(path) ?? true);
  const firstOfEach = new Map(accepted.map((path) => [path.slice(path.lastIndexOf('/')), path]));
  return wish.program === undefined ? [...firstOfEach.values()].slice(0, 2) : ['/srv/node'];
};

const deep = 20_000;
const nested = (open: string, close: string): string => open.repeat(deep) + close.repeat(deep);

/** Documents that have broken readers of their formats before. */
const documents: Readonly<Record<string, string | Buffer>> = {
  nothing: '',
  zeros: Buffer.alloc(10_000),
  'no UTF-8': Buffer.from(Array.from({ length: 10_000 }, (_, at) => (at * 7 + 128) % 256)),
  'one long line': 'a'.repeat(2_000_000),
  'many short lines': 'a: b\n'.repeat(20_000),
  'many spaces': `a${' '.repeat(200_000)}b`,
  'many empty lines': '\n'.repeat(200_000),
  'many quotes': '"\''.repeat(10_000),
  'deep arrays': nested('[', ']'),
  'deep objects': `${'{"dependencies":'.repeat(deep)}{}${'}'.repeat(deep)}`,
  'deep TOML': `a = ${nested('[', ']')}`,
  'deep YAML': `a: ${nested('[', ']')}`,
  'deep XML': `<project>${nested('<dependencies>', '</dependencies>')}</project>`,
  'prototype keys':
    '{"__proto__":{"version":"1"},"packages":{"__proto__":{"version":"2"},"constructor":{"version":"3"}},"libraries":{"__proto__/1":{"type":"package"}}}',
  'prototype tables':
    '[__proto__]\npolluted = "yes"\n[[package]]\nname = "__proto__"\nversion = "1"\n[constructor.prototype]\npolluted = "yes"\n',
  'prototype mappings': '__proto__:\n  polluted: yes\npackages:\n  __proto__@1.0.0: {}\n  /__proto__/1.0.0: {}\n',
  'prototype elements': '<Project><__proto__><polluted>yes</polluted></__proto__><constructor/></Project>',
  'entities of entities': `<!DOCTYPE project [${Array.from({ length: 30 }, (_, at) => `<!ENTITY e${at + 1} "&e${at};&e${at};">`).join('')}]><project>&e30;</project>`,
  'aliases of aliases': Array.from(
    { length: 30 },
    (_, at) => `a${at}: &x${at} [${at === 0 ? 'x' : `*x${at - 1}, *x${at - 1}`}]`,
  ).join('\n'),
  'merge keys': `a: &a {b: c}\nd:\n  <<: [${'*a, '.repeat(1000)}*a]\n`,
  'an archive with names from outside': zipOf({
    '../../etc/passwd': 'x',
    '/META-INF/MANIFEST.MF': 'x',
    'a/../b.jar': zipOf({}),
  }),
};

describe.each(fileExtractors.map((extractor) => [extractor.name, extractor] as const))('%s', (_, extractor) => {
  it('is tried at a path that it accepts', () => expect(pathsOf(extractor).length).toBeGreaterThan(0));

  it('outlives documents that are made to break it', async () => {
    for (const path of pathsOf(extractor)) {
      for (const content of Object.values(documents)) {
        const { packages } = await extractFrom(extractor, { [path]: content });
        expect(packages.length).toBeLessThan(200_000);
      }
    }
    expect(({} as Readonly<Record<string, unknown>>).polluted).toBeUndefined();
  });

  it('outlives whatever comes', async () => {
    const [path = ''] = pathsOf(extractor);
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
      fc.json({ maxDepth: 4 }),
      fc.lorem({ mode: 'sentences', maxCount: 5 }).map((text) => text.replaceAll('. ', ':\n  ')),
      fc
        .uint8Array({ maxLength: 200 })
        .map((bytes) => elfOf({ '.go.buildinfo': Buffer.from(bytes), '.dep-v0': Buffer.from(bytes) })),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => machOOf({ __go_buildinfo: Buffer.from(bytes) })),
      fc
        .uint8Array({ maxLength: 200 })
        .map((bytes) => peOf({ '.rsrc': Buffer.from(bytes) }, { 2: [4096, 200], 14: [4096, 8] })),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (content) => {
        await extractFrom(extractor, { [path]: content });
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  it('does not open what is too large for it', async () => {
    for (const path of pathsOf(extractor)) {
      const files = memoryFileSystemOf({ [path]: 'x'.repeat(5000) });
      const opened: string[] = [];
      const sbom = await createSbom({
        target: { kind: extractor.onlyInImages === true ? 'image' : 'directory', name: 'large' },
        fileSystem: {
          ...files,
          visitFolder: (folder, visit) =>
            files.visitFolder(folder, (view) =>
              visit({
                ...view,
                info: (name) => {
                  const info = view.info(name);
                  return info?.kind === 'file' ? { ...info, sizeBytes: 4 * 1024 ** 3, isExecutable: false } : info;
                },
                open: (name) => {
                  opened.push(name);
                  return view.open(name);
                },
              }),
            ),
        },
      });
      expect(sbom.packages).toEqual([]);
      // Of what may be a program the first bytes are looked at, which say what it is.
      if (extractor.wish.program === undefined && !/\.(?:dll|exe)$/.test(path)) {
        expect(sbom.problems.map(({ code }) => code)).toContain('too-large');
        expect(opened).toEqual([]);
      }
    }
  });
});
