import { describe, expect, it } from 'vitest';
import { packagesOf } from './testing/extract.ts';

const status = (name: string): string =>
  `Package: ${name}\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: all\n\n`;

describe('a language’s package inside a distribution’s package', () => {
  it('is kept and names its owner, also below a merged /usr', async () => {
    const packages = await packagesOf({
      '/lib': '-> usr/lib',
      '/var/lib/dpkg/status': status('node-a') + status('node-b'),
      '/var/lib/dpkg/info/node-a.list': '/.\n/usr\n/usr/share/nodejs/a/package.json\n',
      '/var/lib/dpkg/info/node-b.list': '/lib/nodejs/b/package.json\n',
      '/usr/share/nodejs/a/package.json': '{"name":"a","version":"1.0.0"}',
      '/usr/lib/nodejs/b/package.json': '{"name":"b","version":"1.0.0"}',
      '/opt/c/package.json': '{"name":"c","version":"1.0.0"}',
    });
    expect(packages.map(({ name, owner }) => [name, owner])).toEqual([
      ['node-a', undefined],
      ['node-b', undefined],
      ['c', undefined],
      ['b', 'pkg:deb/debian/node-b@1.0-1?arch=all'],
      ['a', 'pkg:deb/debian/node-a@1.0-1?arch=all'],
    ]);
  });
});
