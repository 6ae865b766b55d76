import { describe, expect, it } from 'vitest';
import { createDrawTrial, leastMarks } from './draw-trial.ts';

/** A machine whose draws take what the case says, one after the other. */
const machine = (drawsMs: readonly number[], moves: () => boolean = () => false) => {
  let now = 0;
  let draws = 0;
  const costs: number[] = [];
  const waiting: (() => void)[] = [];
  const trial = createDrawTrial({
    draw: () => {
      if (moves()) return false;
      now += drawsMs[Math.min(draws, drawsMs.length - 1)] ?? 0;
      draws += 1;
      return true;
    },
    whenDrawn: (done) => waiting.push(done),
    onCost: (drawMs) => costs.push(drawMs),
    nowMs: () => now,
  });
  const settle = (): void => {
    for (let turn = 0; turn < 20; turn += 1) waiting.shift()?.();
  };
  return { trial, settle, costs, draws: () => draws };
};

describe('the trial draw', () => {
  it('draws once on a quick machine', () => {
    const { trial, settle, costs, draws } = machine([7]);
    trial.offer(2_000);
    settle();
    expect(costs).toEqual([7]);
    expect(draws()).toBe(1);
  });

  it('takes the quickest of three for the machine’s own, so that a busy moment is no slow machine', () => {
    const busy = machine([120, 9]);
    busy.trial.offer(2_000);
    busy.settle();
    expect(busy.costs).toEqual([9]);
    const slow = machine([120, 80, 95]);
    slow.trial.offer(2_000);
    slow.settle();
    expect(slow.costs).toEqual([80]);
    expect(slow.draws()).toBe(3);
  });

  it('tries small pictures never, and others again only once they grew', () => {
    const { trial, settle, costs } = machine([7]);
    for (const marks of [leastMarks - 1, 1_000, 1_000, 1_400, 900, 1_500]) {
      trial.offer(marks);
      settle();
    }
    expect(costs).toHaveLength(2);
  });

  it('gives way to a person who moves the picture, and tries at the next rest', () => {
    let moving = true;
    const { trial, settle, costs } = machine([50], () => moving);
    trial.offer(2_000);
    settle();
    expect(costs).toEqual([]);
    moving = false;
    trial.offer(2_000);
    settle();
    expect(costs).toEqual([50]);
  });

  it('tells nobody after the map was closed', () => {
    const { trial, settle, costs } = machine([50]);
    trial.offer(2_000);
    trial.dispose();
    settle();
    expect(costs).toEqual([]);
  });
});
