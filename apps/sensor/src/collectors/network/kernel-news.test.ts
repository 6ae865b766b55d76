import { createManualClock, ok } from '@parapet/core';
import { expect, it } from 'vitest';
import type { KernelMember, KernelWatch } from '../../kernel-watch/kernel-watch.ts';
import { createProcessBoard } from '../../kernel-watch/process-board.ts';
import { createProcessMemory } from '../../kernel-watch/process-memory.ts';
import { joinKernel } from './kernel-news.ts';

const none = { produced: 0, delivered: 0, lost: 0, missed: 0, lostConnections: 0, missedConnections: 0 };

const kernelWith = (member: Partial<KernelMember>): KernelWatch => ({
  memory: createProcessMemory(),
  board: createProcessBoard(),
  join: () =>
    ok({
      ...{ drain: () => {}, account: () => none, missing: [], rest: () => ok(undefined), leave: () => {} },
      ...member,
    }),
});

it('catching up reads once for all that is met within some milliseconds, also when the clock was set back', () => {
  let drains = 0;
  const kernel = kernelWith({
    drain: () => {
      drains += 1;
    },
  });
  const clock = createManualClock(1_000_000);
  const news = joinKernel(kernel, { mayJoin: true, clock, onChange: () => {}, onLost: () => {} });
  for (let socket = 0; socket < 5000; socket += 1) news.catchUp();
  expect(drains).toBe(1);
  clock.advance(10);
  news.catchUp();
  expect(drains).toBe(2);
  clock.advance(-5000);
  for (let socket = 0; socket < 5000; socket += 1) news.catchUp();
  expect(drains).toBe(3);
});

it('tells what a full ring could not take from what the kernel left out, each once', () => {
  let account = none;
  const clock = createManualClock(1_000_000);
  const told: unknown[] = [];
  const news = joinKernel(kernelWith({ account: () => account }), {
    ...{ mayJoin: true, clock, onChange: () => {} },
    onLost: (...loss) => told.push(loss),
  });
  account = { ...none, lost: 5, missed: 2, lostConnections: 3, missedConnections: 1 };
  news.account();
  clock.advance(5000);
  news.account();
  account = { ...account, missedConnections: 2 };
  news.account();
  expect(told).toEqual([
    ['ring', 3, 1_000_000],
    ['probe busy', 1, 1_000_000],
    ['probe busy', 1, 1_005_000],
  ]);
});
