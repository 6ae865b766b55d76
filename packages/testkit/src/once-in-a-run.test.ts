import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onceInARun } from './once-in-a-run.ts';

describe('what is made once in a run', () => {
  let dir = '';
  let made = 0;
  const make = async (): Promise<void> => {
    // Others ask meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
    made += 1;
  };
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'parapet-once-'));
    made = 0;
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('is made by who asks first and there for all when they go on', async () => {
    const seen = await Promise.all(
      [1, 2, 3].map(async () => {
        await onceInARun('thing', make, dir);
        return made;
      }),
    );
    expect(seen).toEqual([1, 1, 1]);
    await onceInARun('another', make, dir);
    expect(made).toBe(2);
  });

  it('is tried again after it failed, and by who waited', async () => {
    let waiting: Promise<void> | undefined;
    const failing = async (): Promise<void> => {
      waiting = onceInARun('thing', make, dir);
      await make();
      throw new Error('no room');
    };
    await expect(onceInARun('thing', failing, dir)).rejects.toThrow('no room');
    await waiting;
    expect(made).toBe(2);
  });
});
