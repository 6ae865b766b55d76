import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { bunLock } from './index.ts';

const lock = `{
  // a comment
  "lockfileVersion": 1,
  "workspaces": { "": { "name": "app", "dependencies": { "a": "^1" } }, },
  "packages": {
    "a": ["a@1.0.0", "", { "dependencies": { "@s/b": "2" } }, "sha512-x=="],
    "a/@s/b": ["@s/b@2.0.0-rc.1", "", {}, "sha512-y=="],
    "git": ["git@github:user/git#0123456", {}, "user-git-0123456"],
    "lib": ["lib@workspace:packages/lib"],
    "odd": "odd@1.0.0",
  },
}`;

describe('bun.lock', () => {
  it('is JSON with comments and commas', async () => {
    const { packages, problems } = await extractFrom(bunLock, { '/bun.lock': lock });
    expect(packages).toEqual([
      { name: 'a', version: '1.0.0', isDirect: true },
      { name: '@s/b', version: '2.0.0-rc.1' },
      { name: 'git', version: '', commit: '0123456' },
    ]);
    expect(problems).toEqual(['/bun.lock: 1 entries name no package.']);
  });

  it('that nests too deep is a problem', async () => {
    const { problems } = await extractFrom(bunLock, { '/bun.lock': '['.repeat(1_000_000) });
    expect(problems).toHaveLength(1);
  });

  it('survives damage', () => survivesDamage(bunLock, '/bun.lock', lock));
});
