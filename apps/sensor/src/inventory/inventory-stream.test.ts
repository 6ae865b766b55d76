import { createManualClock } from '@parapet/core';
import { describe, expect, it } from 'vitest';
import { defaultInventoryLimits, type InventoryLimits } from './inventory-limits.ts';
import { createInventoryStore, type InventoryStore } from './inventory-store.ts';
import { createInventoryStream, type InventoryStream } from './inventory-stream.ts';
import { containerRecord, edgeRecord, listenerRecord, processRecord } from './testing/records.ts';
import { createSimulatedConsole, endOf, type SimulatedConsole } from './testing/simulated-console.ts';

type World = {
  readonly clock: ReturnType<typeof createManualClock>;
  readonly store: InventoryStore;
  readonly stream: InventoryStream;
  readonly console: SimulatedConsole;
  readonly losses: Map<string, number>;
  readonly epochs: number[];
};

const createWorld = (limits?: Partial<InventoryLimits>, lastEpoch = 0): World => {
  const clock = createManualClock(1_000_000);
  const losses = new Map<string, number>();
  const epochs: number[] = [];
  const store = createInventoryStore({
    clock,
    lose: ({ cause, count }) => losses.set(cause, (losses.get(cause) ?? 0) + count),
    ...(limits === undefined ? {} : { limits: { ...defaultInventoryLimits, ...limits } }),
  });
  const stream = createInventoryStream({
    store,
    clock,
    bootId: 'boot',
    lastEpoch,
    saveEpoch: async (epoch) => {
      epochs.push(epoch);
    },
  });
  return { clock, store, stream, console: createSimulatedConsole(), losses, epochs };
};

const window = 8;

const grant = ({ stream, console }: World): void => {
  const { epoch, seq } = console.position();
  stream.grant({ epoch, acked: seq, limit: seq + window });
};

const connect = async (world: World): Promise<void> => {
  await world.stream.resume(world.console.position());
  grant(world);
};

/** Sends until nothing is left, acknowledging after each frame. */
const drain = (world: World): void => {
  for (let data = world.stream.next(); data !== undefined; data = world.stream.next()) {
    world.console.receive(data);
    grant(world);
  }
};

describe('inventory stream', () => {
  it('begins with a snapshot and goes on with changes', async () => {
    const world = createWorld();
    world.store.put(processRecord('1:1'));
    await connect(world);
    drain(world);
    expect(world.console.snapshots()).toBe(1);
    expect(world.console.live().size).toBe(1);
    world.store.put(processRecord('2:1'));
    drain(world);
    expect(world.console.live().size).toBe(2);
    expect(world.console.snapshots()).toBe(1);
    expect(world.stream.sent()).toEqual({ position: world.console.position(), digest: world.console.digest() });
  });

  it('sends a snapshot even of nothing', async () => {
    const world = createWorld();
    await connect(world);
    drain(world);
    expect(world.console.snapshots()).toBe(1);
    expect(world.console.position()).toEqual({ epoch: 1, seq: 1 });
  });

  it('never uses an epoch again, whichever side remembers the greater one', async () => {
    const world = createWorld({}, 7);
    await connect(world);
    expect(world.epochs).toEqual([8]);
    await world.stream.resume({ epoch: 20, seq: 3 });
    expect(world.epochs).toEqual([8, 21]);
    await Promise.all([world.stream.restart(), world.stream.restart()]);
    grant(world);
    drain(world);
    expect(world.console.position().epoch).toBe(23);
  });

  it('keeps within the credit and, unacknowledged, sends the same frames again after a break', async () => {
    const world = createWorld();
    await world.stream.resume({ epoch: 0, seq: 0 });
    world.stream.grant({ epoch: 0, acked: 0, limit: 2 });
    const sent: Buffer[] = [];
    for (let index = 0; index < 5; index += 1) {
      world.store.put(processRecord(`${index}:1`));
      const data = world.stream.next();
      if (data !== undefined) sent.push(data);
    }
    expect(sent).toHaveLength(2);
    world.stream.disconnected();
    expect(world.stream.next()).toBeUndefined();
    await world.stream.resume({ epoch: 1, seq: 0 });
    world.stream.grant({ epoch: 1, acked: 0, limit: 2 });
    expect([world.stream.next(), world.stream.next()]).toEqual(sent);
  });

  it('tells the end of what lived between two frames', async () => {
    const world = createWorld();
    await connect(world);
    drain(world);
    const record = containerRecord('docker:a', { startedAt: 5000 });
    world.store.put(record);
    world.store.put({ ...record, state: 'removed', endedAt: 5200, exitCode: 3 });
    drain(world);
    expect(world.console.live().size).toBe(0);
    expect([...world.console.ends()]).toEqual(['container docker:a 5000 5200']);
  });

  it('tells both lives of a container that stopped and started before either was sent', async () => {
    const world = createWorld();
    await connect(world);
    world.store.put(containerRecord('docker:a', { startedAt: 1, endedAt: 2, state: 'exited' }));
    world.store.put(containerRecord('docker:a', { startedAt: 3 }));
    drain(world);
    expect([...world.console.ends()]).toEqual(['container docker:a 1 2']);
    expect(JSON.parse(world.console.live().get('container docker:a') ?? '')).toMatchObject({ startedAt: 3 });
    expect(world.stream.sent().digest).toBe(world.console.digest());
  });

  it('repeats what is over in a new epoch until it is acknowledged', async () => {
    const world = createWorld();
    world.store.put(processRecord('1:1'));
    await connect(world);
    drain(world);
    world.store.end('process', '1:1', 9000, { exitCode: 137 });
    expect(world.stream.next()).toBeDefined();
    world.stream.disconnected();
    await world.stream.restart();
    await connect(world);
    drain(world);
    expect([...world.console.ends()]).toEqual(['process 1:1 1000 9000']);
  });

  it('splits what does not compress into frames that fit', async () => {
    const world = createWorld();
    for (let index = 0; index < 40; index += 1) {
      const noise = Array.from({ length: 10 }, (_, at) => randomText(3000, index * 100 + at));
      world.store.put(processRecord(`${index}:1`, { loadedFiles: noise }));
    }
    await connect(world);
    drain(world);
    expect(world.console.live().size).toBe(40);
    expect(world.console.snapshots()).toBe(1);
    expect(world.console.frames()).toBeGreaterThan(10);
  });

  it('starts over when ended records had to be dropped, and counts them', async () => {
    const world = createWorld({ ended: 3 });
    for (let index = 0; index < 10; index += 1) world.store.put(listenerRecord(`l${index}`));
    await connect(world);
    drain(world);
    for (let index = 0; index < 10; index += 1) world.store.end('listener', `l${index}`, 2000);
    expect(world.losses.get('ended-overflow')).toBe(7);
    expect(world.stream.needsRestart()).toBe(true);
    await world.stream.restart();
    drain(world);
    expect(world.console.live().size).toBe(0);
    expect(world.console.ends().size).toBe(3);
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'ends with the console in step whatever happens (seed %i)',
    async (seed) => {
      await runHistory(seed);
    },
  );
});

/** Random operations, lost connections, lost acknowledgements and restored consoles; then quiet, then both sides must agree. */
const runHistory = async (seed: number): Promise<void> => {
  const random = createRandom(seed);
  const world = createWorld();
  const { store, stream, console, clock } = world;
  const expectedEnds = new Set<string>();
  const alive = new Map<string, () => void>();
  let restore = console.backUp();
  let restored = false;
  let connected = false;
  let serial = 0;

  const operations: readonly (() => void | Promise<void>)[] = [
    () => {
      serial += 1;
      const key = `${serial}:1`;
      const record = processRecord(key, { startedAt: clock.now(), arguments: [randomText(random(200), serial)] });
      store.put(record);
      alive.set(key, () => {
        const endedAt = clock.now();
        expectedEnds.add(endOf({ ...record, endedAt }));
        store.end('process', key, endedAt, { exitCode: 1 });
      });
    },
    () => {
      const [key, end] = [...alive][random(Math.max(1, alive.size))] ?? [];
      if (key === undefined || end === undefined) return;
      end();
      alive.delete(key);
    },
    () => store.put(edgeRecord(`e${random(20)}`, { lastSeenAt: clock.now(), connections: random(1000) })),
    () => {
      const key = `docker:${random(5)}`;
      const startedAt = clock.now();
      store.put(containerRecord(key, { startedAt }));
      if (random(2) === 0) {
        const stopped = containerRecord(key, { startedAt, endedAt: startedAt + 1, state: 'exited' });
        expectedEnds.add(endOf(stopped));
        store.put(stopped);
      }
      if (random(4) === 0) {
        const removed = containerRecord(key, { startedAt, endedAt: startedAt + 1, state: 'removed' });
        expectedEnds.add(endOf(removed));
        store.put(removed);
      }
    },
    () => clock.advance(random(30_000)),
    () => store.promote(),
    async () => {
      if (connected) return;
      await connect(world);
      connected = true;
    },
    () => {
      // Frames reach the console; its acknowledgements may not reach us.
      for (let count = random(4); connected && count > 0; count -= 1) {
        const data = stream.next();
        if (data === undefined) return;
        console.receive(data);
        if (random(3) > 0) grant(world);
      }
    },
    () => {
      // The connection breaks with a frame on its way.
      if (!connected) return;
      stream.next();
      stream.disconnected();
      connected = false;
    },
    async () => {
      if (connected && random(6) === 0) await stream.restart();
    },
    () => {
      if (random(10) === 0) restore = console.backUp();
      if (connected || random(10) > 0) return;
      restore();
      restored = true;
    },
  ];
  for (let step = 0; step < 600; step += 1) await operations[random(operations.length)]?.();

  stream.disconnected();
  await connect(world);
  clock.advance(60_000);
  store.promote();
  drain(world);
  expect(store.waiting()).toBe(0);
  expect(console.snapshotOpen()).toBe(false);
  expect(console.live().size).toBe(store.liveCount());
  expect(stream.sent().digest).toBe(console.digest());
  expect(stream.acknowledged()).toEqual(console.position());
  const missing = [...expectedEnds].filter((end) => !console.ends().has(end));
  // A console that was restored forgets; the ends it had acknowledged are not told again.
  if (!restored) expect(missing).toEqual([]);
  expect([...world.losses]).toEqual([]);
};

const createRandom = (seed: number): ((below: number) => number) => {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
};

const randomText = (length: number, seed: number): string => {
  const random = createRandom(seed + 1);
  let text = '';
  while (text.length < length) text += String.fromCharCode(33 + (random(4096) % 90));
  return text;
};
