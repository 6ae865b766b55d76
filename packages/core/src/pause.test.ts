import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { pause } from './pause.ts';

it('leaves nothing with the signal, however often it waited', async () => {
  const { signal } = new AbortController();
  for (let times = 0; times < 20; times += 1) await pause(1, signal);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

it('ends when the signal aborts, also where that was before', async () => {
  const stopping = new AbortController();
  const waiting = pause(3_600_000, stopping.signal);
  stopping.abort();
  await waiting;
  await pause(3_600_000, stopping.signal);
  expect(getEventListeners(stopping.signal, 'abort')).toHaveLength(0);
});
