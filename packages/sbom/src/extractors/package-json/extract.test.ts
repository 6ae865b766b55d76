import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { packageJson } from './index.ts';

const manifest = (fields: object): string => JSON.stringify({ name: 'a', version: '1.2.3', ...fields });

describe('package.json', () => {
  it('is a package with its licence, in each of the forms that were used', async () => {
    const { packages } = await extractFrom(packageJson, {
      '/app/node_modules/a/package.json': manifest({ license: 'MIT' }),
      '/app/node_modules/@s/b/package.json': manifest({ name: '@s/b', license: { type: 'ISC' } }),
      '/app/node_modules/c/package.json': manifest({ name: 'c', licenses: [{ type: 'MIT' }, { type: 'GPL' }] }),
    });
    expect(packages).toEqual([
      { name: '@s/b', version: '1.2.3', licences: ['ISC'] },
      { name: 'a', version: '1.2.3', licences: ['MIT'] },
      { name: 'c', version: '1.2.3', licences: ['MIT', 'GPL'] },
    ]);
  });

  it('is read where Node finds packages, not inside of them', async () => {
    expect(
      await namesFrom(packageJson, {
        '/a/node_modules/a/package.json': manifest({}),
        '/a/node_modules/a/test/fixtures/package.json': 'not even JSON',
        '/a/node_modules/a/node_modules/b/package.json': manifest({ name: 'b' }),
        '/usr/share/nodejs/c/package.json': manifest({ name: 'c' }),
      }),
    ).toEqual(['a@1.2.3', 'b@1.2.3', 'c@1.2.3']);
  });

  it('is no package of npm when it is an extension’s or Unity’s', async () => {
    const files = {
      '/a/package.json': manifest({ engines: { vscode: '^1' } }),
      '/b/package.json': manifest({ unity: '2022.3' }),
    };
    expect(await namesFrom(packageJson, files)).toEqual([]);
  });

  it('is nobody’s without a name or a version', async () => {
    expect(await namesFrom(packageJson, { '/x/package.json': '{"type":"module","version":7}' })).toEqual([]);
  });

  it('that is broken is a problem', async () => {
    const { problems } = await extractFrom(packageJson, { '/x/package.json': '{', '/y/package.json': '[1]' });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain('/x/package.json');
  });

  it('survives damage', () => survivesDamage(packageJson, '/x/package.json', manifest({ license: 'MIT' })));
});
