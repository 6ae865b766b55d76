import { describe, expect, it } from 'vitest';
import { namesFrom, survivesDamage } from '../../testing/extract.ts';
import { gradleCatalog } from './index.ts';

const path = '/gradle/libs.versions.toml';
const text = `[versions]
one = "1.0"
rich = { strictly = "[2,3)", prefer = "2.5" }
[libraries]
a = "g:a:1.1"
b = { module = "g:b", version.ref = "one" }
c = { group = "g", name = "c", version = { require = "3.0" } }
d = { module = "g:d", version.ref = "rich" }
e = { module = "g:e" }
f = { version = "1" }
[plugins]
p = { id = "x", version = "1" }
`;

describe('a version catalogue', () => {
  it('declares libraries in each of its ways', async () => {
    expect(await namesFrom(gradleCatalog, { [path]: text })).toEqual([
      'g:a@1.1',
      'g:b@1.0',
      'g:c@3.0',
      'g:d@[2,3)',
      'g:e@',
    ]);
  });

  it('survives damage', () => survivesDamage(gradleCatalog, path, text));
});
