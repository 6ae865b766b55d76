import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { goMod } from './index.ts';

const text = `module example.org/app // comment

go 1.21
toolchain go1.21.5

require example.org/a v1.0.0
require (
	example.org/b v0.0.0-20210630005230-0f9fa26af87c // indirect
	example.org/replaced v1.0.0
	example.org/local v1.0.0
	"example.org/quoted" v2.0.0+incompatible
)
exclude example.org/x v9.9.9
replace (
	example.org/replaced v1.0.0 => example.org/fork v1.0.1
	example.org/local => ../local
	example.org/a v7.0.0 => example.org/no v1.0.0
)
`;

describe('go.mod', () => {
  it('requires modules, replaced or not, and a version of Go', async () => {
    expect((await extractFrom(goMod, { '/go.mod': text })).packages).toEqual([
      { name: 'example.org/a', version: '1.0.0', isDirect: true },
      { name: 'example.org/b', version: '0.0.0-20210630005230-0f9fa26af87c' },
      { name: 'example.org/fork', version: '1.0.1', isDirect: true },
      { name: 'example.org/quoted', version: '2.0.0+incompatible', isDirect: true },
      { name: 'stdlib', version: '1.21.5', evidence: 'declared' },
    ]);
  });

  it('before 1.17 is completed by its checksums', async () => {
    const files = {
      '/go.mod': 'module m\ngo 1.16\nrequire example.org/a v1.0.0\n',
      '/go.sum': 'example.org/a v1.0.0 h1:x\nexample.org/b v1.0.0/go.mod h1:x\nexample.org/c v1.1.0 h1:x\n',
    };
    expect(await namesFrom(goMod, files)).toEqual(['example.org/a@1.0.0', 'example.org/c@1.1.0', 'stdlib@1.16']);
    expect(await namesFrom(goMod, { ...files, '/go.mod': files['/go.mod'].replace('1.16', '1.17') })).toHaveLength(2);
  });

  it('of a downloaded module is not read', async () => {
    expect(await namesFrom(goMod, { '/root/go/pkg/mod/x@v1/go.mod': text })).toEqual([]);
  });

  it('survives damage', () => survivesDamage(goMod, '/go.mod', text));
});
