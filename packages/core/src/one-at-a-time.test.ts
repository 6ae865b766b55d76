import { expect, test } from 'vitest';
import { createOneAtATime } from './one-at-a-time.ts';

test('work is done in order, one piece at a time, whatever becomes of the piece before', async () => {
  const turns = createOneAtATime();
  const said: string[] = [];
  const piece = (name: string, fails = false): Promise<string> =>
    turns(async () => {
      said.push(`${name} begins`);
      await Promise.resolve();
      said.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const outcomes = await Promise.allSettled([piece('a'), piece('b', true), piece('c')]);
  expect(said).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await piece('d')).toBe('d');
});
