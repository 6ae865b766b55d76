import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSbom } from '../create-sbom.ts';
import { dockerArchive, ociArchive } from '../testing/image.ts';
import { type TarMember, tarOf } from '../testing/tar.ts';
import { type OpenImageOptions, openImageArchive } from './open-image-archive.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-image-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stanza = (name: string): string =>
  `Package: ${name}\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\n\n`;

const base = (...names: readonly string[]): TarMember[] => [
  { path: 'etc/os-release', type: '2', target: '../usr/lib/os-release' },
  { path: 'usr/lib/os-release', content: 'ID=debian\nVERSION_ID="12"\n' },
  { path: 'var/lib/dpkg/status', content: names.map(stanza).join('') },
];

let archives = 0;

const scan = async (archive: Buffer, options?: OpenImageOptions) => {
  archives += 1;
  const path = join(folder, `${archives}.tar`);
  writeFileSync(path, archive);
  return scanPath(path, options);
};

const scanPath = async (path: string, options?: OpenImageOptions) => {
  const opened = await openImageArchive(path, options);
  if (!opened.ok) return { error: opened.error.code, message: opened.error.message };
  const { fileSystem, image, problems } = opened.value;
  const sbom = await createSbom({ target: { kind: 'image', name: 'sample' }, fileSystem, problems });
  return { names: sbom.packages.map(({ name }) => name), sbom, image, fileSystem };
};

describe('docker save', () => {
  it('gives the image and its packages', async () => {
    const { names, sbom, image } = await scan(dockerArchive([tarOf(base('a', 'b'))]));
    expect(names).toEqual(['a', 'b']);
    expect(sbom).toMatchObject({ status: 'succeeded', distribution: { id: 'debian', versionId: '12' } });
    expect(image).toMatchObject({
      tags: ['sample:1'],
      platform: 'linux/amd64',
      layers: [{ diffId: expect.stringMatching(/^sha256:/) }],
    });
    expect(image?.configDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('takes layers in the order of the manifest, whatever that of the archive', async () => {
    const layers = [tarOf(base('old')), tarOf([{ path: 'var/lib/dpkg/status', content: stanza('new') }])];
    expect((await scan(dockerArchive(layers))).names).toEqual(['new']);
    expect((await scan(dockerArchive(layers, (members) => members.toReversed()))).names).toEqual(['new']);
  });

  it('follows the links that older versions wrote for equal layers', async () => {
    const layer = tarOf(base('a'));
    const linked = dockerArchive([layer], (members) =>
      members.flatMap((member) =>
        member.path.endsWith('/layer.tar')
          ? [
              { path: 'shared/layer.tar', content: layer },
              { path: member.path, type: '2', target: '../shared/layer.tar' },
            ]
          : [member],
      ),
    );
    expect((await scan(linked)).names).toEqual(['a']);
  });

  it('reads the unpacked folder just so', async () => {
    const target = join(folder, 'unpacked');
    const layer = tarOf(base('a'));
    const files = {
      'c.json': '{"os":"linux"}',
      'l/layer.tar': layer,
      'manifest.json': '[{"Config":"c.json","Layers":["l/layer.tar"]}]',
    };
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(target, name)), { recursive: true });
      writeFileSync(join(target, name), content);
    }
    expect((await scanPath(target)).names).toEqual(['a']);
  });
});

describe('an OCI layout', () => {
  it.each([
    ['plain', (layer: Buffer) => layer],
    ['gzip', (layer: Buffer) => gzipSync(layer)],
    ['zstd', (layer: Buffer) => zstdCompressSync(layer)],
  ])('reads %s layers, and no attestation', async (_name, pack) => {
    const { names, image } = await scan(ociArchive([pack(tarOf(base('a')))]));
    expect(names).toEqual(['a']);
    expect(image).toMatchObject({ tags: ['sample:2'] });
  });

  it('takes the platform that is asked for, or says that it is not there', async () => {
    const archive = ociArchive([tarOf(base('a'))], 'arm64');
    expect((await scan(archive, { platform: 'linux/arm64' })).names).toEqual(['a']);
    expect(await scan(archive, { platform: 'linux/s390x' })).toMatchObject({ error: 'no-platform' });
  });
});

describe('merging layers', () => {
  const merge = (...layers: readonly (readonly TarMember[])[]) =>
    scan(dockerArchive(layers.map((layer) => tarOf(layer))));

  it('takes away what a whiteout names, a folder with all below it', async () => {
    expect((await merge(base('a'), [{ path: 'var/lib/dpkg/.wh.status' }])).names).toEqual([]);
    expect((await merge(base('a'), [{ path: 'var/.wh.lib' }])).names).toEqual([]);
    expect((await merge(base('a'), [{ path: '.wh.var' }])).names).toEqual([]);
    expect((await merge(base('a'), [{ path: 'var/.wh.log' }])).names).toEqual(['a']);
  });

  it('lets an opaque folder hide lower layers, but not its own, whichever comes first', async () => {
    const status = { path: 'var/lib/dpkg/status.d/new', content: 'Package: new\nVersion: 1\n' };
    const opaque = { path: 'var/lib/dpkg/.wh..wh..opq' };
    expect((await merge(base('a'), [opaque, status])).names).toEqual(['new']);
    expect((await merge(base('a'), [status, opaque])).names).toEqual(['new']);
    expect((await merge(base('a'), [{ path: '.wh..wh..opq' }])).names).toEqual([]);
  });

  it('lets a whiteout and a new file of the same name stand in one layer', async () => {
    const layer = [{ path: 'var/lib/dpkg/.wh.status' }, { path: 'var/lib/dpkg/status', content: stanza('b') }];
    expect((await merge(base('a'), layer)).names).toEqual(['b']);
    expect((await merge(base('a'), layer.toReversed())).names).toEqual(['b']);
  });

  it('lets a file or link in place of a folder hide what was in it', async () => {
    expect((await merge(base('a'), [{ path: 'var/lib/dpkg', content: 'a file' }])).names).toEqual([]);
    expect((await merge(base('a'), [{ path: 'var/lib/dpkg', type: '2', target: '/srv' }])).names).toEqual([]);
  });

  it('follows hard links to what is kept and says when one leads elsewhere', async () => {
    const kept = await merge(base('a'), [
      { path: 'var/lib/dpkg/status.d/x', content: 'Package: x\nVersion: 1\n' },
      { path: 'var/lib/dpkg/status.d/y', type: '1', target: 'var/lib/dpkg/status.d/x' },
    ]);
    expect(kept.names).toEqual(['a', 'x', 'x']);
    const lost = await merge(base('a'), [{ path: 'var/lib/dpkg/status.d/y', type: '1', target: 'srv/elsewhere' }]);
    expect(lost.sbom).toMatchObject({ status: 'partial', problems: [{ code: 'unresolved-link' }] });
  });

  it('puts names with .. and absolute names inside the image', async () => {
    const { names, fileSystem } = await merge([
      { path: '../../var/lib/dpkg/status', content: stanza('a') },
      { path: '/etc/os-release', content: 'ID=debian' },
      { path: 'etc/../etc/alpine-release', type: '2', target: '/../../../etc/passwd' },
    ]);
    expect(names).toEqual(['a']);
    expect(await fileSystem?.readFile('/etc/alpine-release', 100)).toMatchObject({ error: { code: 'not-found' } });
  });
});

describe('limits and broken archives', () => {
  it('leaves a file out that is too large, and says so', async () => {
    const archive = dockerArchive([tarOf([...base('a'), { path: 'lib/apk/db/installed', content: 'x'.repeat(5000) }])]);
    const { names, sbom } = await scan(archive, { limits: { maxFileBytes: 4000 } });
    expect(names).toEqual(['a']);
    expect(sbom).toMatchObject({ status: 'partial', problems: [{ code: 'too-large', at: '/lib/apk/db/installed' }] });
    const cramped = await scan(archive, { limits: { maxKeptBytes: 1000 } });
    expect(cramped.sbom?.problems).toMatchObject([{ code: 'too-large' }]);
  });

  it('stops at too many entries and at absurd compression', async () => {
    const many = tarOf(Array.from({ length: 50 }, (_, index) => ({ path: `srv/${index}` })));
    expect(
      (await scan(dockerArchive([many, tarOf(base('a'))]), { limits: { maxEntries: 20 } })).sbom?.problems,
    ).toMatchObject([{ code: 'too-many' }, { code: 'too-many' }]);
    const bomb = gzipSync(tarOf([{ path: 'srv/zeros', content: Buffer.alloc(70 * 1024 * 1024) }]));
    expect((await scan(ociArchive([bomb]))).sbom?.problems).toMatchObject([
      { code: 'too-large', message: expect.stringContaining('times its size') },
    ]);
  });

  it('stays quick with very many whiteouts over very many files', async () => {
    const lists = Array.from({ length: 5000 }, (_, index) => ({
      path: `var/lib/dpkg/info/p${index}.list`,
      content: '/x',
    }));
    const whiteouts = Array.from({ length: 50_000 }, () => ({ path: 'var/lib/dpkg/info/.wh..wh..opq' }));
    const { names } = await scan(dockerArchive([tarOf(base('a')), tarOf([...lists, ...whiteouts])]));
    expect(names).toEqual(['a']);
  });

  it('says that a packed archive has to be unpacked', async () => {
    const packed = gzipSync(dockerArchive([tarOf(base('a'))]));
    expect(await scan(packed)).toMatchObject({ message: expect.stringContaining('unpack it first') });
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'broken-archive'],
    ['rubbish', Buffer.from('no archive at all'.repeat(100)), 'broken-archive'],
    ['a tar without an image', tarOf([{ path: 'hello', content: 'world' }]), 'no-image'],
    ['a manifest that is no JSON', tarOf([{ path: 'manifest.json', content: '{' }]), 'no-image'],
    [
      'a manifest without its files',
      tarOf([{ path: 'manifest.json', content: '[{"Config":"c.json","Layers":["l"]}]' }]),
      'missing-blob',
    ],
  ])('refuses %s', async (_name, archive, error) => expect(await scan(archive)).toMatchObject({ error }));

  it('goes on when a layer is missing, cut or broken, and says which', async () => {
    const good = tarOf(base('a'));
    const cut = gzipSync(tarOf([{ path: 'srv/x', content: 'x'.repeat(5000) }])).subarray(0, 40);
    const { names, sbom } = await scan(ociArchive([good, cut]));
    expect(names).toEqual(['a']);
    expect(sbom?.problems).toMatchObject([{ code: 'broken-layer', at: expect.stringContaining('blobs/sha256/') }]);
    const missing = dockerArchive([good], (members) => members.filter(({ path }) => !path.endsWith('/layer.tar')));
    expect((await scan(missing)).sbom).toMatchObject({ status: 'failed', problems: [{ code: 'missing-blob' }] });
  });

  it('does not open files outside an unpacked image, whatever its manifest names', async () => {
    const target = join(folder, 'hostile');
    mkdirSync(target);
    writeFileSync(join(folder, 'outside.json'), '{"os":"linux"}');
    writeFileSync(join(target, 'manifest.json'), '[{"Config":"../outside.json","Layers":["../../etc/passwd"]}]');
    expect(await scanPath(target)).toMatchObject({ error: 'missing-blob' });
  });

  it('refuses a configuration that does not have its digest', async () => {
    const archive = ociArchive([tarOf(base('a'))]);
    archive.write('"rootfz"', archive.indexOf('"rootfs"'));
    expect(await scan(archive)).toMatchObject({ error: 'digest-mismatch' });
  });

  it('survives being cut anywhere', async () => {
    const archive = dockerArchive([tarOf(base('a'))]);
    for (let end = 0; end < archive.length; end += 256) await scan(archive.subarray(0, end));
  });

  it('stops when asked', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(scan(dockerArchive([tarOf(base('a'))]), { signal })).rejects.toThrow('enough');
  });
});

describe('files that are read while they pass', () => {
  const manifest = (name: string): string => JSON.stringify({ name, version: '1.0.0' });
  const at = (name: string): string => `srv/node_modules/${name}/package.json`;

  it('tell their layer, and are gone when a higher layer takes them away', async () => {
    const layers = [
      tarOf([
        { path: at('kept'), content: manifest('kept') },
        { path: at('deleted'), content: manifest('deleted') },
        { path: at('replaced'), content: manifest('replaced') },
        { path: 'opt/app/package.json', content: manifest('hidden') },
      ]),
      tarOf([
        { path: 'srv/node_modules/.wh.deleted' },
        { path: at('replaced'), content: manifest('other') },
        { path: 'opt/.wh..wh..opq' },
        { path: 'opt/new/package.json', content: '{' },
      ]),
    ];
    const { sbom, image } = await scan(dockerArchive(layers));
    expect(sbom?.packages).toMatchObject([
      { name: 'kept', layer: image?.layers[0]?.diffId, location: '/srv/node_modules/kept/package.json' },
      { name: 'other', layer: image?.layers[1]?.diffId },
    ]);
    expect(sbom?.problems).toMatchObject([{ code: 'broken-file', at: '/opt/new/package.json' }]);
  });

  it('have several names and are one', async () => {
    const layer = tarOf([
      { path: at('a'), content: manifest('a') },
      { path: 'copy/package.json', type: '1', target: at('a') },
    ]);
    expect((await scan(dockerArchive([layer]))).names).toEqual(['a']);
  });

  it('may be larger than what is kept in memory', async () => {
    const large = Buffer.concat([
      Buffer.from(manifest('large').slice(0, -1)),
      Buffer.alloc(25 * 1024 * 1024 - 100, ' '),
      Buffer.from('}'),
    ]);
    const layer = tarOf([
      { path: at('large'), content: large },
      { path: at('next'), content: manifest('next') },
    ]);
    const { names, sbom } = await scan(dockerArchive([layer]));
    expect(names).toEqual(['next']);
    expect(sbom?.problems).toMatchObject([{ code: 'too-large', at: '/srv/node_modules/large/package.json' }]);
  });
});
