import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { uvLock } from './index.ts';

const lock = `version = 1
[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "a" }]
[package.dev-dependencies]
dev = [{ name = "d" }]

[[package]]
name = "a"
version = "1.0"
source = { registry = "https://example.org/simple" }
dependencies = [{ name = "b" }, { name = "a" }]

[[package]]
name = "b"
version = "2.0"
source = { git = "https://example.org/b.git?rev=main#0123456789abcdef0123456789abcdef01234567" }

[[package]]
name = "d"
version = "4.0"
dependencies = [{ name = "b" }]
`;

describe('uv.lock', () => {
  it('tells what runs and what is for development', async () => {
    expect((await extractFrom(uvLock, { '/uv.lock': lock })).packages).toEqual([
      { name: 'a', version: '1.0', isDirect: true },
      { name: 'b', version: '2.0', commit: '0123456789abcdef0123456789abcdef01234567' },
      { name: 'd', version: '4.0', scope: 'dev', isDirect: true },
    ]);
  });

  it('survives damage', () => survivesDamage(uvLock, '/uv.lock', lock));
});
