import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';
import { describe, expect, it } from 'vitest';
import { readExtendedAttribute } from './extended-attribute.ts';

describe('readExtendedAttribute', () => {
  it('reads what was set, and nothing where nothing is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parapet-attribute-'));
    try {
      expect(readExtendedAttribute(folder, 'user.test')).toBeUndefined();
      expect(readExtendedAttribute(join(folder, 'nothing'), 'user.test')).toBeUndefined();
      const script = 'import os,sys; os.setxattr(sys.argv[1], "user.test", b"y")';
      const set = await execArgv(['python3', '-c', script, folder]).catch(() => undefined);
      // Needs a file system with user attributes, and something to set one with.
      if (set?.exitCode === 0) expect(readExtendedAttribute(folder, 'user.test')?.toString()).toBe('y');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
