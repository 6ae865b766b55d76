import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { mixLock } from './index.ts';

const sum = '0123456789abcdef'.repeat(4);
const lock = `%{
  "a": {:hex, :a_package, "1.2.3", "${sum}", [:mix], [{:b, "~> 1.0", [hex: :b, repo: "hexpm", optional: false]}], "hexpm", "${sum}"},
  "own": {:hex, :own, "0.1.0", "${sum}", [:mix], [], "hexpm:team", "${sum}"},
  "old": {:hex, :old, "0.9.0-rc.1"},
  "forked": {:git, "https://example.org/forked.git", "0123456789abcdef0123456789abcdef01234567", [branch: "main"]},
  "broken": {:hex, },
}
`;

const rebar = `{"1.2.0",
[{<<"a">>,{pkg,<<"a_package">>,<<"1.2.3">>},0},
 {<<"b">>,
  {git,"https://example.org/b.git",
       {ref,"0123456789abcdef0123456789abcdef01234567"}},
  0},
 {<<"c">>,{pkg,<<"c">>,<<"2.0.0">>,<<"ABCD">>},1}]}.
[
{pkg_hash,[
 {<<"a">>, <<"ABCD">>}]}
].
`;

describe('mix.lock', () => {
  it('tells packages of Hex by their own names, organisations and commits', async () => {
    expect((await extractFrom(mixLock, { '/mix.lock': lock })).packages).toEqual([
      { name: 'a_package', version: '1.2.3' },
      { name: 'team/own', version: '0.1.0' },
      { name: 'old', version: '0.9.0-rc.1' },
      { name: 'forked', version: '', commit: '0123456789abcdef0123456789abcdef01234567' },
    ]);
    expect((await packagesOf({ '/mix.lock': lock })).map(({ purl }) => purl)).toContain('pkg:hex/team/own@0.1.0');
    expect(await namesFrom(mixLock, { '/srv/deps/a/mix.lock': lock })).toEqual([]);
  });

  it('tells those of rebar3', async () => {
    expect((await extractFrom(mixLock, { '/rebar.lock': rebar })).packages).toEqual([
      { name: 'a_package', version: '1.2.3', isDirect: true },
      { name: 'c', version: '2.0.0' },
      { name: 'b', version: '', commit: '0123456789abcdef0123456789abcdef01234567' },
    ]);
  });

  it('survives damage', async () => {
    await survivesDamage(mixLock, '/mix.lock', lock);
    await survivesDamage(mixLock, '/rebar.lock', rebar);
  });
});
