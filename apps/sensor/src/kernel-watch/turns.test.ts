import { expect, it, vi } from 'vitest';
import { createTurns } from './turns.ts';

const play = (limit: number) => {
  const done: string[] = [];
  const turns = createTurns(limit);
  const ready = new Set<string>();
  return {
    ...{ done, turns, ready },
    add: (name: string) =>
      turns.add((canWait) => {
        if (canWait && !ready.has(name)) return false;
        done.push(name);
        return true;
      }),
  };
};

it('does at once what need not wait, and all in their order', async () => {
  const { done, turns, ready, add } = play(100);
  ready.add('a').add('c');
  for (const name of ['a', 'b', 'c']) add(name);
  expect(done).toEqual(['a']);
  expect(turns.waiting()).toBe(2);
  ready.add('b');
  await vi.waitFor(() => expect(done).toEqual(['a', 'b', 'c']), { timeout: 180_000 });
  expect(turns.waiting()).toBe(0);
});

it('lets nothing wait behind which too many do, and keeps nothing of what is done', () => {
  const { done, turns, add } = play(3);
  for (let name = 0; name < 1000; name += 1) add(String(name));
  expect(turns.waiting()).toBe(3);
  expect(done).toHaveLength(997);
  turns.finish();
  expect(done).toEqual(Array.from({ length: 1000 }, (_, name) => String(name)));
  expect(turns.waiting()).toBe(0);
});
