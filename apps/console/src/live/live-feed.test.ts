import type { Readable } from 'node:stream';
import type { LiveEvent } from '@parapet/contract/api';
import { systemClock } from '@parapet/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLiveHub, type LiveHub, type LiveStreamOptions } from './live-feed.ts';

const a = '00000000-0000-4000-8000-00000000000a';
const b = '00000000-0000-4000-8000-00000000000b';
const everything: LiveStreamOptions['narrow'] = (event) => event;

let hub: LiveHub;
beforeEach(() => {
  vi.useFakeTimers();
  hub = createLiveHub({ clock: systemClock });
});
afterEach(() => {
  hub.close();
  vi.useRealTimers();
});

const open = (lastEventId?: string, narrow = everything): Readable => hub.open({ lastEventId, narrow });

/** What a browser's EventSource would make of what was written so far. */
const read = (stream: Readable): { events: LiveEvent[]; lastId: string } => {
  let text = '';
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) text += String(chunk);
  const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? '') as LiveEvent);
  return { events, lastId: [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '' };
};

test('the first event goes out at once, a burst behind it is merged', () => {
  const stream = open();
  for (const id of [a, b, a, b, b]) hub.publish({ kind: 'assets', ids: [id] });
  for (let count = 0; count < 10; count += 1) hub.publish({ kind: 'findings', opened: 1, closed: 2, assetId: a });
  expect(read(stream).events).toEqual([
    { kind: 'assets', ids: [a] },
    { kind: 'findings', opened: 1, closed: 2, assetId: a },
  ]);
  vi.advanceTimersByTime(50);
  expect(read(stream).events).toEqual([
    { kind: 'assets', ids: [b, a] },
    { kind: 'findings', opened: 9, closed: 18, assetId: a },
  ]);
});

test('at most 20 events of a kind a second, and none is forgotten', () => {
  const stream = open();
  const seen: LiveEvent[] = [];
  for (let ms = 0; ms < 1_000; ms += 1) {
    hub.publish({ kind: 'map', hostId: ms % 2 === 0 ? a : b });
    vi.advanceTimersByTime(1);
    seen.push(...read(stream).events);
  }
  expect(seen.length).toBeLessThanOrEqual(21);
  expect(seen.slice(1).every((event) => event.kind === 'map' && event.hostId === undefined)).toBe(true);
});

test('more ids than one event holds go out in several', () => {
  const stream = open();
  hub.publish({ kind: 'assets', ids: [a] });
  const ids = Array.from({ length: 250 }, (_, index) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`);
  for (const id of ids) hub.publish({ kind: 'assets', ids: [id] });
  vi.advanceTimersByTime(50);
  const sizes = read(stream).events.map((event) => (event.kind === 'assets' ? event.ids.length : 0));
  expect(sizes).toEqual([1, 100, 100, 50]);
});

test('a browser that comes back gets what it missed', () => {
  const first = open();
  hub.publish({ kind: 'feeds' });
  const { lastId } = read(first);
  first.destroy();
  hub.publish({ kind: 'trust' });
  hub.publish({ kind: 'sensors', hostId: a });
  expect(read(open(lastId)).events).toEqual([{ kind: 'trust' }, { kind: 'sensors', hostId: a }]);
});

test('even before its first event it knows where to resume', () => {
  const { lastId } = read(open());
  hub.publish({ kind: 'trust' });
  expect(read(open(lastId)).events).toEqual([{ kind: 'trust' }]);
});

test.each(['', 'other-3', '-', 'x', 'NaN-NaN', '-1--1'])('an id of nowhere (%s) leads to a reset or nothing', (id) => {
  hub.publish({ kind: 'trust' });
  expect(read(open(id)).events).toEqual(id === '' ? [] : [{ kind: 'reset' }]);
});

test('who missed more than is remembered starts anew', () => {
  const { lastId } = read(open());
  for (let count = 0; count < 1_100; count += 1) {
    hub.publish({ kind: 'feeds' });
    vi.advanceTimersByTime(50);
  }
  expect(read(open(lastId)).events).toEqual([{ kind: 'reset' }]);
});

test('a reader that does not read is dropped, the others go on', () => {
  const slow = open();
  const quick = open();
  const ids = Array.from({ length: 100 }, (_, index) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`);
  let seen = 0;
  for (let count = 0; count < 200; count += 1) {
    hub.publish({ kind: 'assets', ids });
    vi.advanceTimersByTime(50);
    seen += read(quick).events.length;
  }
  expect(slow.destroyed).toBe(true);
  expect(seen).toBe(200);
  expect(hub.figures()).toMatchObject({ streams: 1, dropped: 1 });
});

test('heartbeats keep the connection alive', () => {
  const stream = open();
  read(stream);
  vi.advanceTimersByTime(15_000);
  expect(String(stream.read())).toBe(': beat\n\n');
});

test('what must be looked up first keeps its order; what may not be known is left out', async () => {
  vi.useRealTimers();
  const narrow: LiveStreamOptions['narrow'] = async (event) => {
    if (event.kind === 'sensors') await new Promise((resolve) => setTimeout(resolve, event.hostId === a ? 30 : 0));
    return event.kind === 'scans' ? undefined : event;
  };
  const stream = open(undefined, narrow);
  hub.publish({ kind: 'sensors', hostId: a });
  hub.publish({ kind: 'sensors', hostId: b });
  hub.publish({ kind: 'scans', scanId: a });
  hub.publish({ kind: 'feeds' });
  const events: LiveEvent[] = [];
  await vi.waitFor(
    () => {
      events.push(...read(stream).events);
      expect(events).toHaveLength(3);
    },
    { timeout: 60_000 },
  );
  // The second sensor waited for its turn of 50 ms, so it comes last.
  expect(events).toEqual([{ kind: 'sensors', hostId: a }, { kind: 'feeds' }, { kind: 'sensors', hostId: b }]);
});

test('a look-up that fails ends the stream, so that the browser resumes', async () => {
  vi.useRealTimers();
  const stream = open(undefined, () => Promise.reject(new Error('database away')));
  hub.publish({ kind: 'feeds' });
  await vi.waitFor(() => expect(stream.destroyed).toBe(true), { timeout: 60_000 });
});
