import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { rDescription } from './index.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';

const installed = `Package: fast.table
Type: Package
Version: 1.15.4
License: MPL-2.0 | file LICENSE
Description: Reads tables
    Version: not this one
Imports: methods
RemoteSha: ${commit}
Built: R 4.4.1; x86_64-pc-linux-gnu; 2026-01-01 00:00:00 UTC; unix
`;

describe('DESCRIPTION', () => {
  it('tells an installed package with licence and commit', async () => {
    expect(
      (await extractFrom(rDescription, { '/usr/lib/R/site-library/fast.table/DESCRIPTION': installed })).packages,
    ).toEqual([
      {
        name: 'fast.table',
        version: '1.15.4',
        licences: ['MPL-2.0 | file LICENSE'],
        commit,
        files: ['/usr/lib/R/site-library/fast.table/libs/fast.table.so'],
      },
    ]);
  });

  it.each([
    ['sources', installed.replace(/^Built:.*$/m, '')],
    ['another tool’s file', 'What this is: a description'],
    ['a package of R itself', installed.replace('Type: Package', 'Priority: base')],
    ['a name that is none', installed.replace('fast.table', '../x')],
  ])('does not take %s for one', async (_, text) => {
    expect(await extractFrom(rDescription, { '/x/DESCRIPTION': text })).toEqual({ packages: [], problems: [] });
  });

  it('tells R by its base package, and Bioconductor by its views', async () => {
    const base = 'Package: base\nPriority: base\nVersion: 4.4.1\nBuilt: R 4.4.1; ; ; unix\n';
    const views = 'Package: S4\nVersion: 0.42\nbiocViews: Infrastructure\nBuilt: R 4.4.1; ; ; unix\n';
    const { packages } = await extractFrom(rDescription, { '/a/DESCRIPTION': base, '/b/DESCRIPTION': views });
    expect(packages).toMatchObject([
      { name: 'R', version: '4.4.1', type: 'generic' },
      { name: 'S4', version: '0.42', type: 'bioconductor' },
    ]);
  });

  it('survives damage', () => survivesDamage(rDescription, '/x/DESCRIPTION', installed));
});
