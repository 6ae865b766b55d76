import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { packageLock } from './index.ts';

const version3 = JSON.stringify({
  name: 'app',
  lockfileVersion: 3,
  packages: {
    '': { name: 'app', version: '1.0.0', dependencies: { a: '^1' }, devDependencies: { alias: 'npm:real@2' } },
    'node_modules/a': { version: '1.1.0', license: 'MIT' },
    'node_modules/a/node_modules/@s/b': { version: '2.0.0', optional: true },
    'node_modules/alias': { name: 'real', version: '2.2.2', dev: true },
    'node_modules/git': {
      version: '0.1.0',
      resolved: 'git+ssh://git@example.org/git.git#0123456789abcdef0123456789abcdef01234567',
    },
    'node_modules/workspace': { resolved: 'packages/workspace', link: true },
    'packages/workspace': { version: '0.0.1' },
  },
});

describe('package-lock.json', () => {
  it('of version 3', async () => {
    const { packages } = await extractFrom(packageLock, { '/package-lock.json': version3 });
    expect(packages).toEqual([
      { name: 'a', version: '1.1.0', licences: ['MIT'], isDirect: true },
      { name: '@s/b', version: '2.0.0', scope: 'optional' },
      { name: 'real', version: '2.2.2', scope: 'dev' },
      { name: 'git', version: '0.1.0', commit: '0123456789abcdef0123456789abcdef01234567' },
      { name: 'workspace', version: '0.0.1' },
    ]);
  });

  it('of version 1', async () => {
    const lock = {
      lockfileVersion: 1,
      dependencies: {
        a: { version: '1.0.0', dev: true, dependencies: { b: { version: '2.0.0' } } },
        other: { version: 'npm:@s/real@3.0.0' },
        local: { version: 'file:../local' },
        git: { version: 'github:user/project#abcdef1234567890abcdef1234567890abcdef12' },
      },
    };
    expect(await namesFrom(packageLock, { '/npm-shrinkwrap.json': JSON.stringify(lock) })).toEqual([
      '@s/real@3.0.0',
      'a@1.0.0',
      'b@2.0.0',
      'git@',
      'local@',
    ]);
  });

  it('gives way to a shrinkwrap beside it, as npm has it', async () => {
    const lock = (name: string): string => JSON.stringify({ dependencies: { [name]: { version: '1.0.0' } } });
    const files = { '/package-lock.json': lock('a'), '/npm-shrinkwrap.json': lock('b') };
    expect(await namesFrom(packageLock, files)).toEqual(['b@1.0.0']);
  });

  it('takes names of prototypes for names', async () => {
    const lock = '{"dependencies":{"__proto__":{"version":"1.0.0"},"constructor":{"version":"2.0.0"}}}';
    expect(await namesFrom(packageLock, { '/package-lock.json': lock })).toEqual([
      '__proto__@1.0.0',
      'constructor@2.0.0',
    ]);
  });

  it('that nests without end is cut, and what is odd passed over', async () => {
    let lock = '{}';
    for (let level = 0; level < 5000; level += 1) lock = `{"dependencies":{"a":${lock},"b":7}}`;
    expect((await extractFrom(packageLock, { '/package-lock.json': lock })).packages.length).toBeLessThan(1000);
  });

  it('survives damage', () => survivesDamage(packageLock, '/package-lock.json', version3));
});
