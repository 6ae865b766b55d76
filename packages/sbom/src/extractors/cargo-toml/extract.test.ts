import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { cargoToml } from './index.ts';

const text = `[package]
name = "app"
version = "0.1.0"
license = "MIT"
[dependencies]
a = "1.2"
b = { version = "^2.0.1", optional = true }
renamed = { package = "real", version = "=3.0.0" }
git = { git = "https://example.org/git", rev = "0123456" }
tagged = { git = "https://example.org/git", tag = "v1" }
inherited = { workspace = true }
[dev-dependencies]
d = "4"
[target.'cfg(unix)'.dependencies]
e = ">=5.1"
`;

describe('Cargo.toml', () => {
  it('is a package that declares others', async () => {
    expect((await extractFrom(cargoToml, { '/Cargo.toml': text })).packages).toEqual([
      { name: 'app', version: '0.1.0', licences: ['MIT'] },
      { name: 'a', version: '1.2', isDirect: true },
      { name: 'b', version: '2.0.1', isDirect: true, scope: 'optional' },
      { name: 'real', version: '3.0.0', isDirect: true },
      { name: 'git', version: '', isDirect: true, commit: '0123456' },
      { name: 'd', version: '4', isDirect: true, scope: 'dev' },
      { name: 'e', version: '5.1', isDirect: true },
    ]);
  });

  it('survives damage', () => survivesDamage(cargoToml, '/Cargo.toml', text));
});
