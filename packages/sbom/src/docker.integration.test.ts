import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildBusyboxImage, describeWith, docker, dockerDaemon, programOf, testLabel } from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSbom } from './create-sbom.ts';
import { openImageArchive } from './image/open-image-archive.ts';
import { tarOf } from './testing/tar.ts';

const stanza = (name: string): string =>
  `Package: ${name}\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\n`;

/** Images made by a real Docker: its own layers, its own whiteouts, its own archive. */
describeWith([dockerDaemon, programOf('docker')], 'images of a real Docker', () => {
  let folder = '';
  const images: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parapet-docker-sbom-'));
    const root = [
      { path: 'etc/os-release', content: 'ID=debian\nVERSION_ID="12"\n' },
      { path: 'var/lib/dpkg/status', content: stanza('from-base') },
      { path: 'var/lib/dpkg/status.d/gone', content: 'Package: gone\nVersion: 1\n' },
      { path: 'lib/apk/db/installed', content: 'P:hidden\nV:1-r0\n' },
    ];
    writeFileSync(join(folder, 'base.tar'), tarOf(root));
    images.push(
      await docker('import', '--change', `LABEL ${testLabel}`, join(folder, 'base.tar'), 'parapet-test/sbom-base:1'),
    );
  });

  afterAll(async () => {
    for (const image of images.toReversed()) await docker('rmi', '--force', image);
    rmSync(folder, { recursive: true, force: true });
  });

  const scanImage = async (image: string) => {
    const path = join(folder, 'image.tar');
    await docker('save', '--output', path, image);
    const opened = await openImageArchive(path);
    if (!opened.ok) throw new Error(opened.error.message);
    const { fileSystem, problems, image: info } = opened.value;
    return { info, sbom: await createSbom({ target: { kind: 'image', name: image }, fileSystem, problems }) };
  };

  it('are read as they were imported', async () => {
    const { sbom, info } = await scanImage('parapet-test/sbom-base:1');
    expect(sbom).toMatchObject({ status: 'succeeded', distribution: { id: 'debian' } });
    expect(sbom.packages.map(({ name }) => name).sort()).toEqual(['from-base', 'gone', 'hidden']);
    expect(info).toMatchObject({ tags: ['parapet-test/sbom-base:1'] });
    expect(info.configDigest).toBe(await docker('image', 'inspect', '--format', '{{.Id}}', 'parapet-test/sbom-base:1'));
  });

  it('lose what a container deletes, and show what it writes', async () => {
    const container = await docker('create', '--label', testLabel, 'parapet-test/sbom-base:1', '/none');
    try {
      const change = join(folder, 'change');
      for (const [path, content] of [
        ['var/lib/dpkg/status', stanza('from-change')],
        ['lib/apk/db/installed', 'P:changed\nV:2-r0\n'],
      ] as const) {
        mkdirSync(dirname(join(change, path)), { recursive: true });
        writeFileSync(join(change, path), content);
      }
      await docker('cp', `${change}/.`, `${container}:/`);
      images.push(await docker('commit', '--change', `LABEL ${testLabel}`, container, 'parapet-test/sbom-change:1'));
    } finally {
      await docker('rm', '--force', container);
    }
    const { sbom, info } = await scanImage('parapet-test/sbom-change:1');
    expect(info.layers).toHaveLength(2);
    expect(sbom.packages.map(({ name, version }) => `${name} ${version}`).sort()).toEqual([
      'changed 2-r0',
      'from-change 1.0-1',
      'gone 1',
    ]);
  });

  it('know the whiteouts and opaque folders of the overlay', async () => {
    const status = join(folder, 'shell');
    mkdirSync(join(status, 'var/lib/dpkg/status.d'), { recursive: true });
    for (const name of ['a', 'b']) {
      writeFileSync(join(status, `var/lib/dpkg/status.d/${name}`), `Package: ${name}\nVersion: 1\n`);
    }
    const start = await docker('create', '--label', testLabel, await buildBusyboxImage(), 'true');
    await docker('cp', `${status}/.`, `${start}:/`);
    images.push(await docker('commit', '--change', `LABEL ${testLabel}`, start, 'parapet-test/sbom-shell:1'));
    await docker('rm', '--force', start);
    const afterRunning = async (script: string): Promise<string[]> => {
      const tag = `parapet-test/sbom-shell:${images.length + 1}`;
      const container = await docker('create', '--label', testLabel, 'parapet-test/sbom-shell:1', 'sh', '-c', script);
      await docker('start', '--attach', container);
      images.push(await docker('commit', '--change', `LABEL ${testLabel}`, container, tag));
      await docker('rm', '--force', container);
      const { packages } = (await scanImage(tag)).sbom;
      return packages.flatMap(({ name, type }) => (type === 'dpkg' ? [name] : [])).sort();
    };
    expect(await afterRunning('true')).toEqual(['a', 'b']);
    expect(await afterRunning('rm /var/lib/dpkg/status.d/a')).toEqual(['b']);
    expect(await afterRunning('rm -r /var')).toEqual([]);
    const again = 'cd /var/lib/dpkg && cp status.d/b /b && rm -r status.d && mkdir status.d && cp /b status.d/c';
    expect(await afterRunning(again)).toEqual(['b']);
  });
});
