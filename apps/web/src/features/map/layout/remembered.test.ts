import { describe, expect, it } from 'vitest';
import { createPositionStore } from './remembered.ts';

const createStorage = (refuses = false) => {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    removeItem: (key: string) => void kept.delete(key),
    setItem: (key: string, value: string) => {
      if (refuses) throw new Error('full');
      kept.set(key, value);
    },
  };
};

describe('remembered positions', () => {
  it('come back, also those of nodes that are away', () => {
    const positions = createPositionStore(createStorage());
    positions.save(
      'v',
      new Map([
        ['a', { x: 1.4, y: 2 }],
        ['b', { x: 3, y: 4 }],
      ]),
    );
    positions.save('v', new Map([['a', { x: 9, y: 9 }]]));
    expect([...positions.load('v')]).toEqual([
      ['a', { x: 9, y: 9 }],
      ['b', { x: 3, y: 4 }],
    ]);
    expect(positions.load('other').size).toBe(0);
    positions.forget('v');
    expect(positions.load('v').size).toBe(0);
  });

  it('keep only the views used last', () => {
    const storage = createStorage();
    const positions = createPositionStore(storage);
    for (let view = 0; view < 40; view += 1) positions.save(`v${view}`, new Map([['a', { x: 1, y: 1 }]]));
    expect(positions.load('v39').size).toBe(1);
    expect(positions.load('v0').size).toBe(0);
    expect(storage.kept.size).toBeLessThan(30);
  });

  it('survive a full storage and broken content', () => {
    createPositionStore(createStorage(true)).save('v', new Map([['a', { x: 1, y: 1 }]]));
    const storage = createStorage();
    storage.kept.set('parapet.map.v', '{"a":["x"]}');
    expect(createPositionStore(storage).load('v').size).toBe(0);
    storage.kept.set('parapet.map.v', 'not json');
    expect(createPositionStore(storage).load('v').size).toBe(0);
  });
});
