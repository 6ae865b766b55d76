import type { InventoryRecord } from '@parapet/contract/wire';
import { createManualClock } from '@parapet/core';
import { describe, expect, it } from 'vitest';
import { defaultInventoryLimits, type InventoryLimits } from './inventory-limits.ts';
import { createInventoryStore } from './inventory-store.ts';
import { createLossLedger } from './loss-ledger.ts';
import { fitRecord, recordBytes } from './record-fitting.ts';
import { containerRecord, edgeRecord, imageRecord, listenerRecord, processRecord } from './testing/records.ts';

const createStore = (limits: Partial<InventoryLimits> = {}) => {
  const clock = createManualClock(1_000_000);
  const ledger = createLossLedger(clock);
  const store = createInventoryStore({ clock, lose: ledger.count, limits: { ...defaultInventoryLimits, ...limits } });
  ledger.attach(store);
  const take = () => store.take(1_000_000, 1000);
  return { clock, store, take };
};
const keys = (lines: readonly { readonly kind: string; readonly key: string }[]) =>
  lines.map(({ kind, key }) => `${kind} ${key}`);

describe('the inventory store', () => {
  it('sends a record once and again only when it changed', () => {
    const { store, take } = createStore();
    store.put(processRecord('1:1'));
    expect(keys(take())).toEqual(['process 1:1']);
    store.put(processRecord('1:1'));
    expect(take()).toEqual([]);
    store.put(processRecord('1:1', { name: 'other' }));
    expect(take()).toHaveLength(1);
  });

  it('tells the age of what waits in whole milliseconds, as the wire wants it, by a clock that has finer ones', () => {
    let monotonic = 12.25;
    const clock = { now: () => 1_000_000, monotonic: () => monotonic };
    const ledger = createLossLedger(clock);
    const store = createInventoryStore({ clock, lose: ledger.count });
    ledger.attach(store);
    store.put(processRecord('1:1'));
    monotonic = 19.875;
    expect(store.waitingAgeMs()).toBe(8);
  });

  it('tells each life of a container, whether or not the end of the one before was seen', () => {
    const { store, take } = createStore();
    store.put(containerRecord('c', { state: 'created', startedAt: 500 }));
    const starts = Array.from({ length: 10 }, (_, index) => 1000 + index * 100);
    for (const startedAt of starts) {
      store.put(containerRecord('c', { startedAt }));
      if (startedAt < 1500) store.put(containerRecord('c', { startedAt, state: 'exited', endedAt: startedAt + 60 }));
    }
    const told = take().map(({ json }) => JSON.parse(json) as { startedAt: number; endedAt?: number });
    expect(told.map(({ startedAt }) => startedAt)).toEqual(starts);
    expect(told.map(({ endedAt }) => endedAt).filter((endedAt) => endedAt !== undefined)).toHaveLength(5);
  });

  it('tells the life before the last of a container that is removed before either was sent', () => {
    const { store, take } = createStore();
    store.put(containerRecord('c', { state: 'exited', startedAt: 1000, endedAt: 1060 }));
    store.put(containerRecord('c', { state: 'removed', startedAt: 1100, endedAt: 1160 }));
    const told = take().map(({ json }) => (JSON.parse(json) as { startedAt: number }).startedAt);
    expect(told).toEqual([1000, 1100]);
  });

  it('does not mind the order of a record’s fields', () => {
    const { store, take } = createStore();
    store.put(listenerRecord('l'));
    take();
    const { kind, key, ...rest } = listenerRecord('l');
    store.put({ ...rest, key, kind });
    expect(take()).toEqual([]);
  });

  it('sends changes of counters alone every 20 s, all others at once', () => {
    const { clock, store, take } = createStore();
    store.put(edgeRecord('e'));
    take();
    clock.advance(5000);
    store.put(edgeRecord('e', { lastSeenAt: 6000, connections: 9, bytesSent: 1 }));
    store.promote();
    expect(take()).toEqual([]);
    clock.advance(14_999);
    store.promote();
    expect(take()).toEqual([]);
    clock.advance(1);
    store.promote();
    expect(JSON.parse(take()[0]?.json ?? '{}')).toMatchObject({ connections: 9 });
    store.put(edgeRecord('e', { processKey: '5:5' }));
    expect(take()).toHaveLength(1);
    store.put(edgeRecord('e', { processKey: '5:5', connections: 10 }));
    store.end('edge', 'e', 9000);
    expect(JSON.parse(take()[0]?.json ?? '{}')).toMatchObject({ connections: 10, endedAt: 9000 });
  });

  it('tells what was over before anyone could tell that it began', () => {
    const { store, take } = createStore();
    store.put(edgeRecord('e', { endedAt: 9000 }));
    expect(take().map(({ json }) => JSON.parse(json))).toMatchObject([{ key: 'e', endedAt: 9000 }]);
    expect(store.has('edge', 'e')).toBe(false);
    expect(take()).toEqual([]);
  });

  it('sends counters together: those due soon go with the first that is due', () => {
    const { store, take, clock } = createStore();
    store.put(edgeRecord('a'));
    take();
    clock.advance(9000);
    store.put(edgeRecord('b'));
    take();
    clock.advance(7000);
    store.put(edgeRecord('c'));
    take();
    for (const key of ['a', 'b', 'c']) store.put(edgeRecord(key, { connections: 2 }));
    clock.advance(3999);
    store.promote();
    expect(take()).toEqual([]);
    clock.advance(1);
    store.promote();
    expect(take().map(({ key }) => key)).toEqual(['a', 'b']);
    store.promote();
    expect(take()).toEqual([]);
  });

  it('sends what others refer to first', () => {
    const { store, take } = createStore();
    store.put(edgeRecord('e'));
    store.put(listenerRecord('l'));
    store.put(processRecord('1:1'));
    store.put(containerRecord('docker:a'));
    store.put(imageRecord('sha256:a'));
    expect(take().map(({ kind }) => kind)).toEqual(['image', 'container', 'process', 'listener', 'edge']);
  });

  it('takes no more than asked for, but always something', () => {
    const { store } = createStore();
    for (let at = 0; at < 10; at += 1) store.put(processRecord(`${at}:1`));
    expect(store.take(1, 1000)).toHaveLength(1);
    expect(store.take(1_000_000, 4)).toHaveLength(4);
    expect(store.waiting()).toBe(5);
  });

  it('refuses what is beyond a limit, counts each record once and says who lost it', () => {
    const { store, take } = createStore({ live: { ...defaultInventoryLimits.live, process: 2 } });
    for (let round = 0; round < 3; round += 1) {
      for (let at = 0; at < 5; at += 1) store.put(processRecord(`${at}:1`));
    }
    const lines = take();
    expect(lines.filter(({ kind }) => kind === 'process')).toHaveLength(2);
    const loss = lines.find(({ kind }) => kind === 'loss');
    expect(JSON.parse(loss?.json ?? '{}')).toMatchObject({
      collector: 'process',
      stage: 'inventory',
      cause: 'limit-process',
      lost: 3,
    });
    store.end('process', '0:1', 2000);
    store.put(processRecord('4:1'));
    expect(keys(take()).sort()).toEqual(['process 0:1', 'process 4:1']);
  });

  it('keeps to its bytes', () => {
    const { store } = createStore({ liveBytes: 2000 });
    for (let at = 0; at < 100; at += 1) store.put(processRecord(`${at}:1`));
    expect(store.liveCount()).toBeLessThan(20);
  });

  it('refuses a record of a wrong shape without harm', () => {
    const { store, take } = createStore();
    store.put({ ...processRecord('1:1'), pid: -1 } as InventoryRecord);
    expect(take().map(({ kind }) => kind)).toEqual(['loss']);
    expect(store.has('process', '1:1')).toBe(false);
  });

  it('tells how long the oldest has waited', () => {
    const { clock, store, take } = createStore();
    expect(store.waitingAgeMs()).toBe(0);
    store.put(processRecord('1:1'));
    clock.advance(700);
    store.put(processRecord('2:1'));
    expect(store.waitingAgeMs()).toBe(700);
    take();
    expect(store.waitingAgeMs()).toBe(0);
  });

  it('wakes whoever sends', () => {
    const { store } = createStore();
    let woken = 0;
    store.onWaiting(() => {
      woken += 1;
    });
    store.put(processRecord('1:1'));
    store.put(processRecord('1:1'));
    expect(woken).toBe(1);
  });
});

describe('fitRecord', () => {
  it('replaces what the console’s database refuses', () => {
    const fitted = fitRecord(processRecord('1:1', { name: 'a\0b', arguments: ['\ud800x', 'literal \\u0000', 'ü😀'] }));
    expect(fitted.ok && JSON.parse(fitted.value.json)).toMatchObject({
      name: 'a\ufffdb',
      arguments: ['\ufffdx', 'literal \\u0000', 'ü😀'],
    });
  });

  it('cuts libraries before it gives up a process', () => {
    const loadedFiles = Array.from({ length: 256 }, (_, at) => `/${'l'.repeat(4000)}/${at}`);
    const fitted = fitRecord(processRecord('1:1', { loadedFiles }));
    expect(fitted.ok).toBe(true);
    if (!fitted.ok) return;
    expect(Buffer.byteLength(fitted.value.json)).toBeLessThanOrEqual(recordBytes);
    expect(JSON.parse(fitted.value.json)).toMatchObject({ loadedFilesCut: true });
  });

  it('cuts labels, ports and tags of containers and images', () => {
    const labels = Object.fromEntries(Array.from({ length: 256 }, (_, at) => [`label-${at}`, 'x'.repeat(1000)]));
    const hostMounts = Array.from({ length: 256 }, (_, at) => ({
      source: '/s'.repeat(900),
      target: `/${at}`,
      writable: true,
    }));
    const { privilege } = containerRecord('docker:a');
    const container = fitRecord(containerRecord('docker:a', { labels, privilege: { ...privilege, hostMounts } }));
    expect(container.ok && JSON.parse(container.value.json).labels).toEqual({});
    const tags = Array.from({ length: 256 }, (_, at) => `${'t'.repeat(1000)}:${at}`);
    expect(fitRecord(imageRecord('sha256:a', { tags, labels })).ok).toBe(true);
  });
});
