import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { gradleVerification } from './index.ts';

const path = '/gradle/verification-metadata.xml';
const text = `<?xml version="1.0"?><verification-metadata xmlns="https://schema.gradle.org/x"><configuration/>
<components><component group="a" name="b" version="1.0"><artifact name="b.jar"/></component>
<component version='2' name='d' group='c'/></components></verification-metadata>`;

describe('verification-metadata.xml', () => {
  it('names components', async () => {
    expect(await namesFrom(gradleVerification, { [path]: text })).toEqual(['a:b@1.0', 'c:d@2']);
  });

  it('of something else is a problem', async () => {
    expect((await extractFrom(gradleVerification, { [path]: 'text' })).problems).toHaveLength(1);
  });

  it('survives damage', () => survivesDamage(gradleVerification, path, text));
});
