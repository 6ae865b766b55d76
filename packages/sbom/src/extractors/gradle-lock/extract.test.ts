import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { gradleLock } from './index.ts';

const lock = '# comment\na.b:c:1.0=compileClasspath,runtimeClasspath\nd:e:2.0-rc1=testCompileClasspath\nempty=x\n>>>\n';

describe('gradle.lockfile', () => {
  it('tells packages, and which are for tests', async () => {
    expect((await extractFrom(gradleLock, { '/gradle.lockfile': lock })).packages).toEqual([
      { name: 'a.b:c', version: '1.0' },
      { name: 'd:e', version: '2.0-rc1', scope: 'test' },
    ]);
  });

  it('has three places', async () => {
    const files = ['/buildscript-gradle.lockfile', '/gradle/dependency-locks/x.lockfile', '/other.lockfile'];
    expect(await namesFrom(gradleLock, Object.fromEntries(files.map((path) => [path, 'a:b:1=x'])))).toHaveLength(2);
  });

  it('survives damage', () => survivesDamage(gradleLock, '/gradle.lockfile', lock));
});
