import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { msbuild } from './index.ts';

const project = `<?xml version="1.0"?><Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><BVersion>2.0.0</BVersion></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="A" Version="1.0.0" />
    <PackageReference Include="B"><Version>$(BVersion)</Version><PrivateAssets>all</PrivateAssets></PackageReference>
    <PackageReference Include="C" Version="[3.0.0,4.0.0)" />
    <PackageReference Include="Floating" Version="1.*" />
    <PackageReference Include="central" />
    <PackageReference Include="" Version="1" />
  </ItemGroup>
</Project>`;
const central =
  '<Project><ItemGroup><PackageVersion Include="Central" Version="5.0.0" /><PackageVersion Include="N" /></ItemGroup></Project>';

describe('a project of .NET', () => {
  it('declares packages, whose versions may be kept above it', async () => {
    const { packages } = await extractFrom(msbuild, {
      '/src/app/App.csproj': project,
      '/Directory.Packages.props': central,
    });
    expect(packages).toEqual([
      { name: 'Central', version: '5.0.0', isDirect: true },
      { name: 'A', version: '1.0.0', isDirect: true },
      { name: 'B', version: '2.0.0', isDirect: true, scope: 'dev' },
      { name: 'C', version: '3.0.0', isDirect: true },
      { name: 'central', version: '5.0.0', isDirect: true },
    ]);
  });

  it('may have the older list', async () => {
    const list = '<packages><package id="A" version="1.0" targetFramework="net48" /><package id="B" /></packages>';
    expect(await namesFrom(msbuild, { '/packages.config': list })).toEqual(['A@1.0']);
  });

  it('of something else is a problem', async () => {
    expect((await extractFrom(msbuild, { '/a.fsproj': 'text' })).problems).toHaveLength(1);
  });

  it('survives damage', () => survivesDamage(msbuild, '/a.csproj', project));
});
