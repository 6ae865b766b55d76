import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { pyproject } from './index.ts';

const text = `[project]
name = "sample"
dependencies = ["a==1.0", "b[x]>=2", "odd words"]
[project.optional-dependencies]
more = ["c~=3.1"]
[dependency-groups]
test = ["d==4", {include-group = "more"}]
[tool.poetry.dependencies]
python = "^3.9"
e = "^5.1"
f = { version = "==6", extras = ["x"] }
g = { git = "https://example.org/g.git" }
[tool.poetry.group.dev.dependencies]
h = "8.*"
`;

describe('pyproject.toml', () => {
  it('declares packages in each of its ways', async () => {
    const { packages } = await extractFrom(pyproject, { '/pyproject.toml': text });
    expect(packages.map(({ name, version, evidence, scope }) => [name, version, evidence, scope])).toEqual([
      ['a', '1.0', 'locked', undefined],
      ['b', '2', 'declared', undefined],
      ['c', '3.1', 'declared', 'optional'],
      ['d', '4', 'locked', 'dev'],
      ['e', '5.1', 'declared', undefined],
      ['f', '6', 'locked', undefined],
      ['g', '', 'declared', undefined],
      ['h', '8', 'declared', 'dev'],
    ]);
  });

  it('survives damage', () => survivesDamage(pyproject, '/pyproject.toml', text));
});
