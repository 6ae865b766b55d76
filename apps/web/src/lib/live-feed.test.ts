import { type LiveEvent, type RouteName, routes } from '@parapet/contract/api';
import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { affectedBy, createLiveFeed } from './live-feed.ts';

const id = '1f1be423-3b52-4924-8a13-640eee48d6c9';
const events: readonly LiveEvent[] = [
  { kind: 'reset' },
  { kind: 'map' },
  { kind: 'assets', ids: [id] },
  { kind: 'findings', opened: 1, closed: 0 },
  { kind: 'sensors', hostId: id },
  { kind: 'scans', scanId: id },
  { kind: 'feeds' },
  { kind: 'trust' },
];

class FakeSource {
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readyState = 1;
  closed = false;
  close(): void {
    this.closed = true;
  }
}

const setUp = () => {
  const sources: FakeSource[] = [];
  const client = new QueryClient();
  const fetched: string[] = [];
  const invalidate = vi.spyOn(client, 'invalidateQueries').mockImplementation((filters) => {
    const names: RouteName[] = ['findings.list', 'map.view', 'feeds.status'];
    for (const name of names) {
      const predicate = filters?.predicate as ((query: { queryKey: readonly unknown[] }) => boolean) | undefined;
      if (predicate === undefined || predicate({ queryKey: [name] })) fetched.push(name);
    }
    return Promise.resolve();
  });
  const feed = createLiveFeed(client, () => {
    const source = new FakeSource();
    sources.push(source);
    return source as unknown as EventSource;
  });
  const latest = (): FakeSource => sources.at(-1) as FakeSource;
  return {
    feed,
    fetched,
    invalidate,
    sources,
    latest,
    send: (event: unknown) => latest().onmessage?.({ data: JSON.stringify(event) }),
  };
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test.each(events)('what $kind touches are routes of the contract', (event) => {
  const names = affectedBy(event);
  if (names !== 'all') for (const name of names) expect(routes).toHaveProperty([name]);
});

test('a burst of events is one fetch', () => {
  const { send, fetched, invalidate, feed } = setUp();
  for (let index = 0; index < 50; index += 1) send({ kind: 'findings', opened: 1, closed: 0 });
  expect(invalidate).not.toHaveBeenCalled();
  vi.advanceTimersByTime(400);
  expect(invalidate).toHaveBeenCalledTimes(1);
  expect(fetched).toEqual(['findings.list']);
  feed.close();
});

test('reset fetches all at once', () => {
  const { send, fetched, feed } = setUp();
  send({ kind: 'reset' });
  expect(fetched).toHaveLength(3);
  feed.close();
});

test('what cannot be read changes nothing', () => {
  const { send, latest, invalidate, feed } = setUp();
  send({ kind: 'of a newer console' });
  latest().onmessage?.({ data: '{' });
  vi.advanceTimersByTime(1000);
  expect(invalidate).not.toHaveBeenCalled();
  feed.close();
});

test('a refused connection is tried again, and everything is fetched once it is back', () => {
  const { sources, latest, fetched, feed } = setUp();
  latest().readyState = 2;
  latest().onerror?.();
  expect(sources).toHaveLength(1);
  vi.advanceTimersByTime(2000);
  expect(sources).toHaveLength(2);
  expect(fetched).toEqual([]);
  latest().onopen?.();
  expect(fetched).toHaveLength(3);
  feed.close();
  expect(latest().closed).toBe(true);
});

test('a connection that the browser resumes by itself is left to it', () => {
  const { sources, latest, feed } = setUp();
  latest().readyState = 0;
  latest().onerror?.();
  vi.advanceTimersByTime(60_000);
  expect(sources).toHaveLength(1);
  feed.close();
});
