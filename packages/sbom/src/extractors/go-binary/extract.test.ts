import { describe, expect, it } from 'vitest';
import { extractFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { elfOf, loadAddress, machOOf, peOf } from '../../testing/program.ts';
import { goBinary } from './index.ts';

const modules = [
  'path\texample.org/app',
  'mod\texample.org/app\tv1.2.3\th1:x=',
  'dep\texample.org/a\tv1.0.0\th1:x=',
  'dep\texample.org/replaced\tv1.0.0',
  '=>\texample.org/other\tv2.0.0+incompatible\th1:x=',
  'dep\texample.org/local\tv0.1.0',
  '=>\t./local\t(devel)',
  'build\tvcs.revision=0123456789abcdef0123456789abcdef01234567',
  '',
].join('\n');
const framed = Buffer.concat([Buffer.alloc(16, 1), Buffer.from(modules), Buffer.alloc(16, 2)]);

const varint = (value: number): Buffer =>
  value < 128 ? Buffer.from([value]) : Buffer.concat([Buffer.from([(value & 127) | 128]), varint(value >> 7)]);

const header = (flags: number): Buffer => {
  const bytes = Buffer.alloc(32);
  bytes.write('\xff Go buildinf:', 'latin1');
  bytes[14] = 8;
  bytes[15] = flags;
  return bytes;
};

const version = Buffer.from('go1.22.3');
const inline = Buffer.concat([header(2), varint(version.length), version, varint(framed.length), framed]);

/** As Go before 1.18 wrote it: pointers to strings that lie in another section. */
const pointed = (): Buffer => {
  const start = 4096 + loadAddress;
  const info = header(0);
  const strings = Buffer.alloc(32);
  info.writeBigUInt64LE(BigInt(start + 32), 16);
  info.writeBigUInt64LE(BigInt(start + 48), 24);
  strings.writeBigUInt64LE(BigInt(start + 64), 0);
  strings.writeBigUInt64LE(BigInt(version.length), 8);
  strings.writeBigUInt64LE(BigInt(start + 64 + version.length), 16);
  strings.writeBigUInt64LE(BigInt(framed.length), 24);
  return elfOf({ '.go.buildinfo': info, '.data': strings, '.rodata': Buffer.concat([version, framed]) });
};

const expected = [
  ['example.org/app', '1.2.3', '0123456789abcdef0123456789abcdef01234567'],
  ['example.org/a', '1.0.0', undefined],
  ['example.org/other', '2.0.0+incompatible', undefined],
  ['example.org/local', '0.1.0', undefined],
  ['stdlib', '1.22.3', undefined],
];

describe('a program of Go', () => {
  it.each([
    ['ELF', elfOf({ '.text': Buffer.alloc(64), '.go.buildinfo': inline })],
    ['ELF before 1.18', pointed()],
    ['Mach-O', machOOf({ __go_buildinfo: inline })],
    ['PE', peOf({ '.data': Buffer.concat([Buffer.alloc(48), inline]) })],
  ])('carries its modules: %s', async (_, program) => {
    const { packages, problems } = await extractFrom(goBinary, { '/usr/bin/app': program });
    expect(problems).toEqual([]);
    expect(packages.map(({ name, version: found, commit }) => [name, found, commit])).toEqual(expected);
    expect(packages[0]?.files).toEqual(['/usr/bin/app']);
  });

  it('without modules has the library alone', async () => {
    const program = elfOf({ '.go.buildinfo': Buffer.concat([header(2), varint(version.length), version, varint(0)]) });
    expect((await extractFrom(goBinary, { '/app': program })).packages).toMatchObject([{ name: 'stdlib' }]);
  });

  it('is found where another extractor goes by the name', async () => {
    const program = peOf({ '.data': inline });
    expect((await packagesOf({ '/app/tool.exe': program })).map(({ name }) => name)).toContain('example.org/app');
  });

  it('is not every program', async () => {
    const files = {
      '/bin/sh': elfOf({ '.text': Buffer.alloc(16) }),
      '/a.exe': peOf({ '.text': Buffer.alloc(16) }),
      '/bin/x': `#!/bin/sh\n${' '.repeat(5000)}`,
    };
    expect(await extractFrom(goBinary, files)).toEqual({ packages: [], problems: [] });
  });

  it.each([elfOf({ '.go.buildinfo': inline }), pointed()])('survives damage', (program) =>
    survivesDamage(goBinary, '/app', program),
  );
});
