import { createManualClock, ok } from '@parapet/core';
import { expect, it } from 'vitest';
import type { KernelWatch } from '../../kernel-watch/kernel-watch.ts';
import { createProcessBoard } from '../../kernel-watch/process-board.ts';
import { createProcessMemory } from '../../kernel-watch/process-memory.ts';
import { joinKernel } from './kernel-news.ts';

it('catching up reads once for all that is met within some milliseconds, also when the clock was set back', () => {
  let drains = 0;
  const kernel: KernelWatch = {
    memory: createProcessMemory(),
    board: createProcessBoard(),
    join: () =>
      ok({
        drain: () => {
          drains += 1;
        },
        account: () => ({ produced: 0, delivered: 0, lost: 0, missed: 0, lostConnections: 0 }),
        missing: [],
        rest: () => ok(undefined),
        leave: () => {},
      }),
  };
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
