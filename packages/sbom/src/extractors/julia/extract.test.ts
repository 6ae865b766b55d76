import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { julia } from './index.ts';

const uuid = '01234567-89ab-cdef-0123-456789abcdef';

const manifest = `julia_version = "1.10.4"
manifest_format = "2.0"

[[deps.Tables]]
deps = ["Dates"]
git-tree-sha1 = "0123456789abcdef0123456789abcdef01234567"
uuid = "${uuid}"
version = "1.11.0"

[[deps.Dates]]
uuid = "${uuid}"

[[deps.Own]]
path = "../Own"
uuid = "${uuid}"
version = "0.1.0"
`;

const project = `name = "App"
[deps]
Tables = "${uuid}"
[extras]
Test = "${uuid}"
[compat]
Tables = "1.10"
julia = "1.9"
`;

describe('Julia', () => {
  it('tells what is locked', async () => {
    expect((await extractFrom(julia, { '/app/Manifest.toml': manifest })).packages).toEqual([
      { name: 'Tables', version: '1.11.0', qualifiers: { uuid } },
    ]);
    expect((await packagesOf({ '/app/Manifest-v1.11.toml': manifest }))[0]?.purl).toBe(
      `pkg:julia/Tables@1.11.0?uuid=${uuid}`,
    );
  });

  it('of the first format', async () => {
    const first = `[[Tables]]\nuuid = "${uuid}"\nversion = "1.0.0"\n`;
    expect(await namesFrom(julia, { '/JuliaManifest.toml': first })).toEqual(['Tables@1.0.0']);
  });

  it('tells what is asked for', async () => {
    expect((await extractFrom(julia, { '/app/Project.toml': project })).packages).toEqual([
      { name: 'Tables', version: '1.10', qualifiers: { uuid }, evidence: 'declared', isDirect: true },
      { name: 'Test', version: '', qualifiers: { uuid }, evidence: 'declared', isDirect: true, scope: 'test' },
    ]);
    expect(await namesFrom(julia, { '/root/.julia/packages/Tables/x/Project.toml': project })).toEqual([]);
  });

  it('survives damage', async () => {
    await survivesDamage(julia, '/Manifest.toml', manifest);
    await survivesDamage(julia, '/Project.toml', project);
  });
});
