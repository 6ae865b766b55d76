import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { pdmLock } from './index.ts';

const lock = `[metadata]
groups = ["default", "dev"]
[[package]]
name = "a"
version = "1.0"
groups = ["default"]
[[package]]
name = "b"
version = "2.0"
groups = ["dev"]
git = "https://example.org/b.git"
revision = "0123456789abcdef0123456789abcdef01234567"
`;

describe('pdm.lock', () => {
  it('tells packages, groups and commits', async () => {
    expect((await extractFrom(pdmLock, { '/pdm.lock': lock })).packages).toEqual([
      { name: 'a', version: '1.0' },
      { name: 'b', version: '2.0', scope: 'dev', commit: '0123456789abcdef0123456789abcdef01234567' },
    ]);
  });

  it('survives damage', () => survivesDamage(pdmLock, '/pdm.lock', lock));
});
