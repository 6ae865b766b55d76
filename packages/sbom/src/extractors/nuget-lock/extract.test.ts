import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { nugetLock } from './index.ts';

const lock = JSON.stringify({
  version: 1,
  dependencies: {
    'net8.0': {
      A: { type: 'Direct', requested: '[1.0.0, )', resolved: '1.0.0' },
      B: { type: 'Transitive', resolved: '2.0.0' },
      Other: { type: 'Project' },
    },
  },
});

describe('packages.lock.json', () => {
  it('tells packages, and which the project asks for', async () => {
    expect((await extractFrom(nugetLock, { '/packages.lock.json': lock })).packages).toEqual([
      { name: 'A', version: '1.0.0', isDirect: true },
      { name: 'B', version: '2.0.0' },
    ]);
  });

  it('survives damage', () => survivesDamage(nugetLock, '/packages.lock.json', lock));
});

describe('project.assets.json', () => {
  it('tells packages', async () => {
    const assets = JSON.stringify({ libraries: { 'A/1.0.0': { type: 'package' }, 'P/1.0.0': { type: 'project' } } });
    expect(await namesFrom(nugetLock, { '/obj/project.assets.json': assets })).toEqual(['A@1.0.0']);
  });
});
