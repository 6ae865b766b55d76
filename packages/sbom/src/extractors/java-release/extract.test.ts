import { describe, expect, it } from 'vitest';
import { extractFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { javaRelease } from './index.ts';

const release = 'IMPLEMENTOR="Sample"\nJAVA_RUNTIME_VERSION="21.0.2+13"\nJAVA_VERSION="21.0.2"\nOS_ARCH="x86_64"\n';

describe('a runtime of Java', () => {
  it('tells its version and the files that a process shows', async () => {
    expect((await packagesOf({ '/opt/java/release': release }))[0]).toMatchObject({
      purl: 'pkg:generic/java@21.0.2?implementor=Sample',
      cpes: ['cpe:2.3:a:oracle:openjdk:21.0.2:*:*:*:*:*:*:*', 'cpe:2.3:a:oracle:jdk:21.0.2:*:*:*:*:*:*:*'],
      files: ['/opt/java/bin/java', '/opt/java/lib/server/libjvm.so'],
    });
  });

  it('of version 8 is told as advisories write it', async () => {
    const { packages } = await extractFrom(javaRelease, { '/jdk/release': 'JAVA_VERSION="1.8.0_392"\n' });
    expect(packages).toMatchObject([{ name: 'java', version: '8.0.392' }]);
  });

  it('is told by no other file of the name', async () => {
    expect(await extractFrom(javaRelease, { '/a/release': 'v1.0', '/b/release': '' })).toEqual({
      packages: [],
      problems: [],
    });
  });

  it('survives damage', () => survivesDamage(javaRelease, '/jdk/release', release));
});
