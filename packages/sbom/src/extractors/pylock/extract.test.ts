import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { pylock } from './index.ts';

const lock = `lock-version = "1.0"
[[packages]]
name = "a"
version = "1.0"
[[packages]]
name = "b"
vcs = { type = "git", commit-id = "0123456789abcdef0123456789abcdef01234567" }
[[packages]]
name = "own"
directory = { path = "." }
`;

describe('pylock.toml', () => {
  it('tells packages and commits', async () => {
    expect((await extractFrom(pylock, { '/pylock.toml': lock })).packages).toEqual([
      { name: 'a', version: '1.0' },
      { name: 'b', version: '', commit: '0123456789abcdef0123456789abcdef01234567' },
    ]);
    expect(await namesFrom(pylock, { '/pylock.dev.toml': lock, '/other.toml': lock })).toHaveLength(2);
  });

  it('survives damage', () => survivesDamage(pylock, '/pylock.toml', lock));
});
