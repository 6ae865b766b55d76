import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { sbtLock } from './index.ts';

const lock = JSON.stringify({
  lockVersion: 1,
  dependencies: [
    { org: 'a', name: 'b_3', version: '1.0', configurations: ['compile', 'test'] },
    { org: 'c', name: 'd', version: '2.0', configurations: ['test'] },
    'odd',
  ],
});

describe('build.sbt.lock', () => {
  it('tells packages, and which are for tests', async () => {
    expect((await extractFrom(sbtLock, { '/build.sbt.lock': lock })).packages).toEqual([
      { name: 'a:b_3', version: '1.0' },
      { name: 'c:d', version: '2.0', scope: 'test' },
    ]);
  });

  it('survives damage', () => survivesDamage(sbtLock, '/build.sbt.lock', lock));
});
