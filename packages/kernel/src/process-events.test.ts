import { expect, it } from 'vitest';
import { createGapCounter } from './process-events.ts';

it('counts what is missing between two numbers of one CPU', () => {
  const gaps = createGapCounter();
  expect([gaps.next(0, 10), gaps.next(0, 11), gaps.next(0, 15), gaps.next(0, 16)]).toEqual([0, 0, 3, 0]);
});

it('follows each CPU by itself', () => {
  const gaps = createGapCounter();
  expect([gaps.next(0, 10), gaps.next(1, 900), gaps.next(0, 11), gaps.next(1, 902)]).toEqual([0, 0, 0, 1]);
});

it('goes on when the number starts anew at zero', () => {
  const gaps = createGapCounter();
  expect([gaps.next(0, 0xffff_fffe), gaps.next(0, 0xffff_ffff), gaps.next(0, 0), gaps.next(0, 2)]).toEqual([
    0, 0, 0, 1,
  ]);
});

it('does not count an event twice that was overtaken', () => {
  const gaps = createGapCounter();
  expect([gaps.next(0, 5), gaps.next(0, 7), gaps.next(0, 6), gaps.next(0, 8)]).toEqual([0, 1, 0, 0]);
});

it('knows of which CPUs it can count', () => {
  const gaps = createGapCounter();
  gaps.next(3, 10);
  gaps.next(3, 12);
  expect(gaps.followedCpus()).toBe(1);
  gaps.next(0, 1);
  expect(gaps.followedCpus()).toBe(2);
});
