import { describe, expect, it } from 'vitest';
import { extractFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { nimble } from './index.ts';

const lock = JSON.stringify({
  version: 2,
  packages: {
    chronos: { version: '4.0.3', vcsRevision: 'c04576d829b8a0a1b12baaa8bc92037501b3a4a0', downloadMethod: 'git' },
    stew: { version: '#head' },
    odd: 7,
  },
  tasks: { test: { unittest2: { version: '0.2.2' } } },
});

const manifest = `
version = "0.1.0"
description = "requires \\"nothing\\""
# requires "commented"
requires "nim >= 2.0.0", "chronos == 4.0.3" # "neither"
requires(
  "later")
requires "stew#head",
  "results >= 0.4 & < 1",
  "bare"
task test, "runs":
  exec "nim c"
`;

describe('nimble.lock', () => {
  it('tells packages with their commits, and those of tasks apart', async () => {
    expect((await extractFrom(nimble, { '/srv/nimble.lock': lock })).packages).toEqual([
      { name: 'chronos', version: '4.0.3', commit: 'c04576d829b8a0a1b12baaa8bc92037501b3a4a0' },
      { name: 'stew', version: '#head' },
      { name: 'odd', version: '' },
      { name: 'unittest2', version: '0.2.2', scope: 'dev' },
    ]);
    expect((await packagesOf({ '/srv/nimble.lock': lock }))[0]?.purl).toBe('pkg:nim/chronos@4.0.3');
  });

  it('survives damage', () => survivesDamage(nimble, '/nimble.lock', lock));
});

describe('a manifest', () => {
  it('declares what it requires, but for the compiler', async () => {
    const { packages } = await extractFrom(nimble, { '/srv/app.nimble': manifest });
    expect(packages.map(({ name, version }) => `${name} ${version}`)).toEqual([
      'chronos 4.0.3',
      'later ',
      'stew #head',
      'results >= 0.4 & < 1',
      'bare ',
    ]);
    expect(packages[0]).toMatchObject({ evidence: 'declared', isDirect: true });
  });

  it('survives damage', () => survivesDamage(nimble, '/a.nimble', manifest));
});
