import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { pnpmLock } from './index.ts';

const version5 = `lockfileVersion: 5.4
specifiers:
  a: ^1.0.0
dependencies:
  a: 1.1.0_b@2.10
packages:
  /a/1.1.0_b@2.10:
    resolution: {integrity: sha512-x==}
    dev: false
  /@s/b/2.10:
    resolution: {integrity: sha512-y==}
    dev: true
  codeload.github.com/user/git/tar.gz/0123456789abcdef0123456789abcdef01234567:
    resolution: {tarball: 'https://codeload.github.com/user/git/tar.gz/0123456789abcdef0123456789abcdef01234567'}
    name: git
    version: 0.1.0
`;

const version6 = `lockfileVersion: '6.0'
dependencies:
  a: {specifier: ^1.0.0, version: 1.1.0(b@2.0.0)}
packages:
  /a@1.1.0(b@2.0.0)(c@3.0.0):
    resolution: {integrity: sha512-x==}
  /@s/b@2.0.0-rc.1:
    optional: true
`;

const version9 = `lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a: {specifier: ^1.0.0, version: 1.1.0(p@1.0.0)}
      alias: {specifier: 'npm:real@3', version: real@3.0.0}
    devDependencies:
      d: {specifier: ^4.0.0, version: 4.0.0}
packages:
  a@1.1.0: {resolution: {integrity: x}}
  b@2.0.0: {resolution: {integrity: x}}
  d@4.0.0: {resolution: {integrity: x}}
  p@1.0.0: {resolution: {integrity: x}}
  real@3.0.0: {resolution: {integrity: x}}
  local@file:../local: {resolution: {directory: ../local}}
snapshots:
  a@1.1.0(p@1.0.0): {dependencies: {b: 2.0.0}}
  b@2.0.0: {}
  d@4.0.0: {dependencies: {p: 1.0.0}}
`;

describe('pnpm-lock.yaml', () => {
  it('of version 5', async () => {
    const { packages } = await extractFrom(pnpmLock, { '/pnpm-lock.yaml': version5 });
    expect(packages).toEqual([
      { name: 'a', version: '1.1.0', isDirect: true },
      { name: '@s/b', version: '2.10', scope: 'dev' },
      { name: 'git', version: '0.1.0', commit: '0123456789abcdef0123456789abcdef01234567' },
    ]);
  });

  it('of version 6', async () => {
    const { packages } = await extractFrom(pnpmLock, { '/pnpm-lock.yaml': version6 });
    expect(packages).toEqual([
      { name: 'a', version: '1.1.0', isDirect: true },
      { name: '@s/b', version: '2.0.0-rc.1', scope: 'optional' },
    ]);
  });

  it('of version 9, where what is needed to run follows from the projects', async () => {
    const { packages } = await extractFrom(pnpmLock, { '/node_modules/.pnpm/lock.yaml': version9 });
    expect(packages.map(({ name, version, scope }) => [name, version, scope])).toEqual([
      ['a', '1.1.0', undefined],
      ['b', '2.0.0', undefined],
      ['d', '4.0.0', 'dev'],
      ['p', '1.0.0', 'dev'],
      ['real', '3.0.0', undefined],
    ]);
  });

  it('is not read where packages keep theirs', async () => {
    expect(await namesFrom(pnpmLock, { '/node_modules/a/pnpm-lock.yaml': version6, '/x/lock.yaml': version6 })).toEqual(
      [],
    );
  });

  it('with aliases of aliases is refused', async () => {
    const bomb = [
      'a: &a0 [x, x]',
      ...Array.from({ length: 30 }, (_, at) => `b${at}: &a${at + 1} [*a${at}, *a${at}, *a${at}]`),
    ];
    const { problems } = await extractFrom(pnpmLock, { '/pnpm-lock.yaml': bomb.join('\n') });
    expect(problems).toHaveLength(1);
  });

  it.each([version5, version6, version9])('survives damage', (text) =>
    survivesDamage(pnpmLock, '/pnpm-lock.yaml', text),
  );
});
