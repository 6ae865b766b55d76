import { describe, expect, it } from 'vitest';
import { namesFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { goToolchain } from './index.ts';

const version = 'go1.22.3\ntime 2026-01-01T00:00:00Z\n';

describe('a toolchain of Go', () => {
  it('tells its version', async () => {
    const files = { '/usr/local/go/VERSION': version, '/root/sdk/go1.21.0/VERSION': 'go1.21rc2\n' };
    expect(await namesFrom(goToolchain, files)).toEqual(['toolchain@1.21rc2', 'toolchain@1.22.3']);
    expect((await packagesOf(files)).find(({ version: found }) => found === '1.22.3')).toMatchObject({
      type: 'golang',
      files: ['/usr/local/go/bin/go'],
    });
  });

  it('is no other file of the name', async () => {
    expect(await namesFrom(goToolchain, { '/srv/app/VERSION': version, '/srv/go/VERSION': '1.0' })).toEqual([]);
  });

  it('survives damage', () => survivesDamage(goToolchain, '/usr/local/go/VERSION', version));
});
