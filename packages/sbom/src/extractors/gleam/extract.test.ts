import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { gleam } from './index.ts';

const manifest = `packages = [
  { name = "a", version = "1.2.3", build_tools = ["gleam"], requirements = [], source = "hex", outer_checksum = "AB" },
  { name = "b", version = "0.1.0", build_tools = ["gleam"], source = "git", commit = "0123456789abcdef0123456789abcdef01234567" },
  { name = "c", version = "0.1.0", source = "local", path = "../c" },
]

[requirements]
a = { version = ">= 1.0.0 and < 2.0.0" }
`;

const project = `name = "app"
version = "1.0.0"
[dependencies]
a = ">= 1.0.0 and < 2.0.0"
c = { path = "../c" }
[dev-dependencies]
test = "1.0.0"
`;

describe('Gleam', () => {
  it('tells what is locked', async () => {
    expect((await extractFrom(gleam, { '/manifest.toml': manifest })).packages).toEqual([
      { name: 'a', version: '1.2.3', evidence: 'locked', isDirect: true },
      { name: 'b', version: '0.1.0', evidence: 'locked', commit: '0123456789abcdef0123456789abcdef01234567' },
    ]);
    expect(await namesFrom(gleam, { '/manifest.toml': '[[packages]]\nname = "x"\nversion = "1"\n' })).toEqual([]);
  });

  it('tells what is asked for', async () => {
    expect((await extractFrom(gleam, { '/gleam.toml': project })).packages).toEqual([
      { name: 'a', version: '>= 1.0.0 and < 2.0.0', isDirect: true },
      { name: 'test', version: '1.0.0', isDirect: true, scope: 'dev' },
    ]);
  });

  it('survives damage', async () => {
    await survivesDamage(gleam, '/manifest.toml', manifest);
    await survivesDamage(gleam, '/gleam.toml', project);
  });
});
