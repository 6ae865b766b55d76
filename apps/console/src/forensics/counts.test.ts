import type { Bucket } from '@parapet/telemetry';
import { expect, test } from 'vitest';
import type { Database } from '../database/database.ts';
import { readCounts, readStartedLane } from './counts.ts';
import type { AnswerDeps } from './deps.ts';

const span = { since: '2026-11-28T10:00:00.000Z', until: '2026-11-28T11:00:00.000Z' };
const at = (second: number): number => (Date.parse(span.since) + second * 1000) * 1000;
const iso = (second: number): string => new Date(at(second) / 1000).toISOString();

const answering = (buckets: readonly Bucket[]): AnswerDeps & { readonly asked: string[] } => {
  const asked: string[] = [];
  return {
    db: {} as Database,
    asked,
    hunts: {
      find: () => Promise.reject(new Error('No events are asked for.')),
      all: () => Promise.reject(new Error('No events are asked for.')),
      showsAllOf: () => Promise.resolve(true),
      counts: async ({ q }) => {
        asked.push(q);
        return { stepMs: 30_000, buckets };
      },
    },
  };
};

test('sums and lanes come of one reading, and actions of no name of ours are left out', async () => {
  const deps = answering([
    { at: at(0), value: 'connect', count: 2 },
    { at: at(0), value: 'exec', count: 3 },
    { at: at(30), value: 'accept', count: 1 },
    { at: at(30), value: 'connect', count: 4 },
    { at: at(60), value: 'of-another-make', count: 9 },
    { at: at(60), count: 9 },
  ]);
  expect(await readCounts(deps, 'host.id exists', span)).toEqual({
    total: 28,
    actions: [
      { action: 'connect', count: 6 },
      { action: 'exec', count: 3 },
      { action: 'accept', count: 1 },
    ],
    lanes: [
      { lane: 'process', stepMs: 30_000, total: 3, buckets: [{ at: iso(0), count: 3 }] },
      {
        ...{ lane: 'network', stepMs: 30_000, total: 7 },
        buckets: [
          { at: iso(0), count: 2 },
          { at: iso(30), count: 5 },
        ],
      },
    ],
  });
  expect(deps.asked).toHaveLength(1);
});

test('what a process started is counted in its events, and asked for where not all of them were read', async () => {
  const process = { id: '900:1', pid: 900, name: 'bash', knownBy: 'events' } as const;
  const subject = { hostId: 'h', process };
  const direct = [
    { '@timestamp': at(61), 'event.action': 'exec' },
    { '@timestamp': at(62), 'event.action': 'exec' },
    { '@timestamp': at(63), 'event.action': 'exit' },
    { '@timestamp': at(5), 'event.action': 'exec' },
  ];
  const counted = answering([
    { at: at(0), count: 1 },
    { at: at(60), count: 2 },
  ]);
  const lane = {
    ...{ lane: 'started', stepMs: 30_000, total: 3 },
    buckets: [
      { at: iso(0), count: 1 },
      { at: iso(60), count: 2 },
    ],
  };
  expect(await readStartedLane(counted, subject, direct, span)).toEqual([lane]);
  expect(counted.asked).toEqual([]);
  expect(await readStartedLane(counted, subject, undefined, span)).toEqual([lane]);
  expect(counted.asked).toHaveLength(1);
  expect(await readStartedLane(counted, subject, [], span)).toEqual([]);
});
