import { expect, test } from 'vitest';
import { createEdgeTurns } from './edge-turns.ts';

test('who settles is alone, who refreshes is not, and a failure ends a turn like any other', async () => {
  const turns = createEdgeTurns();
  const said: string[] = [];
  const ends: (() => void)[] = [];
  const turn = (name: string, purpose: 'settle' | 'refresh', fails = false): Promise<void> =>
    turns(purpose, async () => {
      said.push(name);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (fails) throw new Error(name);
    });
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const outcomes = Promise.allSettled([
    turn('a refreshes', 'refresh'),
    turn('b refreshes', 'refresh'),
    turn('c settles', 'settle', true),
    turn('d settles', 'settle'),
    turn('e refreshes', 'refresh'),
  ]);
  await settled();
  expect(said).toEqual(['a refreshes', 'b refreshes']);
  ends.shift()?.();
  await settled();
  expect(said).toHaveLength(2);
  ends.shift()?.();
  await settled();
  expect(said).toEqual(['a refreshes', 'b refreshes', 'c settles']);
  ends.shift()?.();
  await settled();
  expect(said.at(-1)).toBe('d settles');
  ends.shift()?.();
  await settled();
  expect(said.at(-1)).toBe('e refreshes');
  ends.shift()?.();
  expect((await outcomes).map(({ status }) => status)).toEqual([
    ...['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  ]);
});
