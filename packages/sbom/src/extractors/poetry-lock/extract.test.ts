import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { poetryLock } from './index.ts';

const lock = `[[package]]
name = "a"
version = "1.0"
category = "dev"

[[package]]
name = "b"
version = "2.0"
groups = ["main", "dev"]
optional = true

[[package]]
name = "c"
version = "3.0"
groups = ["test"]

[package.source]
type = "git"
url = "https://example.org/c.git"
resolved_reference = "0123456789abcdef0123456789abcdef01234567"

[[package]]
version = "nameless"
`;

describe('poetry.lock', () => {
  it('tells packages, groups and commits', async () => {
    expect((await extractFrom(poetryLock, { '/poetry.lock': lock })).packages).toEqual([
      { name: 'a', version: '1.0', scope: 'dev' },
      { name: 'b', version: '2.0', scope: 'optional' },
      { name: 'c', version: '3.0', scope: 'dev', commit: '0123456789abcdef0123456789abcdef01234567' },
    ]);
  });

  it('survives damage', () => survivesDamage(poetryLock, '/poetry.lock', lock));
});
