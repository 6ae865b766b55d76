import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { elfOf } from '../../testing/program.ts';
import { kernel } from './index.ts';

const imageOf = (banner: string): Buffer => {
  const image = Buffer.alloc(0x1000);
  image.write('HdrS', 0x202, 'latin1');
  image.writeUInt16LE(0x400, 0x20e);
  image.write(`${banner}\0`, 0x600, 'latin1');
  return image;
};

const image = imageOf('6.12.9-own (me@build) #1 SMP PREEMPT_DYNAMIC');
const modinfo = Buffer.from('version=550.54\0license=GPL\0name=sample\0vermagic=6.12.9-own SMP mod_unload\0');
const driver = elfOf({ '.modinfo': modinfo });
const path = '/lib/modules/6.12.9-own/updates/dkms/sample.ko';

describe('kernels', () => {
  it('tells the release of an image, with the version of its source', async () => {
    expect((await extractFrom(kernel, { '/boot/vmlinuz-6.12.9-own': image })).packages).toEqual([
      {
        name: 'linux',
        version: '6.12.9-own',
        cpes: [{ vendor: 'linux', product: 'linux_kernel', part: 'o', version: '6.12.9' }],
      },
    ]);
    expect((await packagesOf({ '/vmlinuz': image }))[0]).toMatchObject({
      purl: 'pkg:generic/linux@6.12.9-own',
      cpes: ['cpe:2.3:o:linux:linux_kernel:6.12.9:*:*:*:*:*:*:*'],
    });
  });

  it('and the release of each folder of modules', async () => {
    const files = { '/lib/modules/5.10.0-9-amd64/modules.builtin': '', '/srv/modules.builtin': '' };
    expect(await namesFrom(kernel, files)).toEqual(['linux@5.10.0-9-amd64']);
  });

  it('tells modules that were built apart, and not those of the kernel', async () => {
    const files = { [path]: driver, '/lib/modules/6.12.9-own/kernel/fs/x.ko': driver, '/srv/sample.ko': driver };
    expect((await extractFrom(kernel, files)).packages).toEqual([
      { name: 'sample', version: '550.54', qualifiers: { vermagic: '6.12.9-own' }, licences: ['GPL'] },
    ]);
  });

  it('leaves out what a distribution’s package owns', async () => {
    const status = 'Package: linux-image\nStatus: install ok installed\nVersion: 6.12.9-1\nArchitecture: amd64\n';
    const found = await packagesOf({
      '/var/lib/dpkg/status': status,
      '/var/lib/dpkg/info/linux-image.list': '/boot/vmlinuz-6.12.9-own\n',
      '/boot/vmlinuz-6.12.9-own': image,
    });
    expect(found.map(({ type }) => type)).toEqual(['dpkg']);
  });

  it('takes nothing else for a kernel', async () => {
    expect(
      await namesFrom(kernel, { '/boot/vmlinuz-x': Buffer.alloc(5000), '/boot/vmlinuz': imageOf('none') }),
    ).toEqual([]);
  });

  it('survives damage', async () => {
    await survivesDamage(kernel, '/vmlinuz', image);
    await survivesDamage(kernel, path, driver);
  });
});
