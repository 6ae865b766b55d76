import { expect, it } from 'vitest';
import { createInOrder } from './in-order.ts';

const play = (maxEvents: number) => {
  const handed: string[] = [];
  return { handed, order: createInOrder<string>(maxEvents, (event) => handed.push(event)) };
};
const named = (name: string) => (value: string | undefined) => `${name}=${value ?? 'nothing'}`;

it('hands over what waits for nothing at once, and the rest in the order of its places', () => {
  const { handed, order } = play(100);
  order.add('a');
  const first = order.wait(named('b'));
  const second = order.wait(named('c'));
  order.add('d');
  expect(handed).toEqual(['a']);
  second.settle('2');
  expect(handed).toEqual(['a']);
  expect(order.waiting()).toBe(3);
  first.settle('1');
  expect(handed).toEqual(['a', 'b=1', 'c=2', 'd']);
  expect(order.waiting()).toBe(0);
});

it('lets the first go as it is when too many wait, and what comes for it later changes nothing', () => {
  const { handed, order } = play(2);
  const first = order.wait(named('a'));
  order.wait(named('b'));
  order.add('c');
  expect(handed).toEqual(['a=nothing']);
  first.settle('late');
  expect(handed).toEqual(['a=nothing']);
  order.finish();
  expect(handed).toEqual(['a=nothing', 'b=nothing', 'c']);
});

it('keeps nothing of what it handed over, however much comes', () => {
  const { handed, order } = play(3);
  for (let event = 0; event < 1000; event += 1) order.wait(named(String(event)));
  expect(order.waiting()).toBe(3);
  expect(handed).toHaveLength(997);
  expect(handed.at(-1)).toBe('996=nothing');
});
