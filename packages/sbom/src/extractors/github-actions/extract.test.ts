import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { githubActions } from './index.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';

const workflow = `name: sample
on: [push]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: sample/checkout@v4
      - uses: "sample/tools/sub/setup@${commit}" # v1.10.2
      - uses: sample/checkout@v4
      - name: say
        run: |
          uses: not/this@v1
      - uses: ./own
      - uses: docker://alpine:3.20
  call:
    uses: sample/workflows/.github/workflows/x.yml@main
`;

describe('GitHub Actions', () => {
  it('tells each action by its repository, with version or commit', async () => {
    expect((await extractFrom(githubActions, { '/app/.github/workflows/ci.yml': workflow })).packages).toEqual([
      { name: 'sample/workflows', version: 'main', isDirect: true },
      { name: 'sample/checkout', version: '4', isDirect: true },
      { name: 'sample/tools', version: '1.10.2', isDirect: true, commit },
    ]);
  });

  it('of composite actions', async () => {
    const action = 'runs:\n  using: composite\n  steps:\n    - uses: sample/cache@v3.1.0\n';
    expect((await packagesOf({ '/app/action.yaml': action })).map(({ purl }) => purl)).toEqual([
      'pkg:githubactions/sample/cache@3.1.0',
    ]);
  });

  it('leaves other YAML alone', async () => {
    expect(await namesFrom(githubActions, { '/app/ci.yml': workflow, '/.github/dependabot.yml': workflow })).toEqual(
      [],
    );
    expect(await namesFrom(githubActions, { '/.github/workflows/a.yml': 'jobs:\n  - none\n' })).toEqual([]);
  });

  it('survives damage', () => survivesDamage(githubActions, '/.github/workflows/ci.yml', workflow));
});
