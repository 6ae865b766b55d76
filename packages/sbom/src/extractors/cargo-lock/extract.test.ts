import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { cargoLock } from './index.ts';

const lock = `version = 3
[[package]]
name = "app"
version = "0.1.0"
[[package]]
name = "a"
version = "1.0.0"
source = "registry+https://example.org/index"
checksum = "0123456789abcdef0123456789abcdef01234567"
[[package]]
name = "b"
version = "2.0.0"
source = "git+https://example.org/b?branch=main#0123456789abcdef0123456789abcdef01234567"
`;

describe('Cargo.lock', () => {
  it('tells packages and commits', async () => {
    expect((await extractFrom(cargoLock, { '/Cargo.lock': lock })).packages).toEqual([
      { name: 'app', version: '0.1.0' },
      { name: 'a', version: '1.0.0' },
      { name: 'b', version: '2.0.0', commit: '0123456789abcdef0123456789abcdef01234567' },
    ]);
    expect(await namesFrom(cargoLock, { '/root/.cargo/registry/src/x/a/Cargo.lock': lock })).toEqual([]);
  });

  it('survives damage', () => survivesDamage(cargoLock, '/Cargo.lock', lock));
});
