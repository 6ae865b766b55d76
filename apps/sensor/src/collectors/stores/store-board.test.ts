import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import type { StoreContents, StoredImage, StoreReader } from '@parapet/sbom/local-stores';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRuntimeStates, type RuntimeStates } from '../runtime-states.ts';
import { createStoredWorkloads, type StoredWorkloadsStore } from '../stored-workloads.ts';
import { type Collected, createCollected } from '../testing/collected.ts';
import { createStoreBoard } from './store-board.ts';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const imageOf = (digit: string, ...tags: readonly string[]): StoredImage => ({
  ...{ configDigest: digest(digit), tags, repoDigests: [], sizeBytes: 7, storedAt: 5 },
  labels: { password: 'open sesame', team: 'web' },
});
const contentsOf = (...images: readonly StoredImage[]): StoreContents => ({
  ...{ engine: 'containerd', images, problems: [] },
  containers: [{ id: 'c1', name: 'web', imageName: 'app:1', labels: {} }],
});

/** A store whose state the test sets. */
const makeStore = (root: string) => {
  const store = {
    root,
    reads: 0,
    stampNow: ok('1') as Result<string, Problem>,
    contents: ok(contentsOf()) as Result<StoreContents, Problem>,
    stamp: async () => store.stampNow,
    read: async () => {
      store.reads += 1;
      return store.contents;
    },
  };
  return store satisfies StoreReader;
};

describe('what stores hold', () => {
  let collected: Collected;
  let stored: StoredWorkloadsStore;
  let runtimes: RuntimeStates;
  let one: ReturnType<typeof makeStore>;
  let two: ReturnType<typeof makeStore>;
  let look: () => Promise<void>;

  beforeEach(() => {
    collected = createCollected();
    stored = createStoredWorkloads();
    runtimes = createRuntimeStates();
    one = makeStore('/one');
    two = { ...makeStore('/two') };
    const { context } = collected;
    look = createStoreBoard({ readers: [one, two], stored, runtimes, context }).look;
  });
  afterEach(() => collected.stop());

  it('is told, with secrets in labels masked, and read again only when it changed', async () => {
    one.contents = ok(contentsOf(imageOf('a', 'app:1')));
    await look();
    await look();
    expect(one.reads).toBe(1);
    expect(collected.latest('image', digest('a'))).toMatchObject({ tags: ['app:1'], sizeBytes: 7, startedAt: 5 });
    expect(collected.latest('image', digest('a'))?.labels).toEqual({
      password: expect.not.stringContaining('sesame'),
      team: 'web',
    });
    expect(stored.image(digest('a'))).toEqual({ root: '/one', name: 'app:1' });
    expect(stored.container('c1')).toMatchObject({ engine: 'containerd', imageName: 'app:1' });
    expect(runtimes.all()).toEqual([{ name: 'containerd', version: '', state: 'ok' }]);

    one.stampNow = ok('2');
    one.contents = ok(contentsOf(imageOf('b', 'app:2')));
    await look();
    expect(collected.latest('image', digest('a'))?.endedAt).toBeGreaterThan(0);
    expect(collected.latest('image', digest('b'))?.endedAt).toBeUndefined();
    expect(stored.image(digest('a'))).toBeUndefined();
  });

  it('in two stores is one record with the names of both', async () => {
    one.contents = ok(contentsOf(imageOf('a', 'app:1')));
    const second = makeStore('/two');
    second.contents = ok(contentsOf(imageOf('a', 'localhost/app:1')));
    await createStoreBoard({ readers: [one, second], stored, runtimes, context: collected.context }).look();
    expect(collected.latest('image', digest('a'))?.tags).toEqual(['app:1', 'localhost/app:1']);
    expect(stored.image(digest('a'))).toEqual({ root: '/one', name: 'app:1' });
  });

  it('stays known while it cannot be read, which is said, and goes with its store', async () => {
    one.contents = ok(contentsOf(imageOf('a', 'app:1')));
    await look();
    one.stampNow = ok('2');
    one.contents = fail(problem('broken-database', 'The database could not be read.', '/one/meta.db'));
    await look();
    expect(collected.latest('image', digest('a'))?.endedAt).toBeUndefined();
    expect(collected.statuses.at(-1)).toMatchObject({
      state: 'degraded',
      reason: expect.stringContaining('The database could not be read. (/one/meta.db)'),
    });
    // It is tried again although nothing changed.
    one.contents = ok(contentsOf(imageOf('a', 'app:1')));
    await look();
    expect(collected.statuses.at(-1)).toEqual({ state: 'running', source: 'files of containerd' });
    one.stampNow = fail(problem('not-found', 'There is no store here.'));
    await look();
    expect(collected.latest('image', digest('a'))?.endedAt).toBeGreaterThan(0);
  });

  it('says what it may not read, and nothing of stores that are not there', async () => {
    one.stampNow = fail(problem('not-found', 'There is no store here.'));
    two.stampNow = fail(problem('not-found', 'There is no store here.'));
    const none = createStoreBoard({ readers: [one], stored, runtimes, context: collected.context });
    await none.look();
    expect(collected.statuses.at(-1)).toEqual({ state: 'running', source: 'none here' });
    expect(stored.isWatched()).toBe(false);
    const blind = createStoreBoard({ readers: [one], stored, runtimes, seesHost: false, context: collected.context });
    await blind.look();
    expect(collected.statuses.at(-1)).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('PARAPET_HOST_ROOT'),
    });
    one.stampNow = fail(problem('unreadable', 'Only root may read it.', '/one'));
    await none.look();
    expect(collected.statuses.at(-1)).toMatchObject({
      state: 'degraded',
      reason: expect.stringContaining('Only root'),
    });
  });
});
