import { createManualClock } from '@parapet/core';
import { expect, it } from 'vitest';
import type { KnownContainer } from '../workload-directory.ts';
import { createWorkloadDirectory } from '../workload-directory-store.ts';
import { createNewcomerSpans, followNewcomers } from './newcomer-spans.ts';
import { container } from './testing/fakes.ts';

const started = (key: string, startedAt: number, more: Partial<KnownContainer['record']> = {}): KnownContainer => {
  const made = container(key, []);
  return { ...made, record: { ...made.record, startedAt, networkMode: 'bridge', ...more } };
};

const createStage = () => {
  const spans: string[] = [];
  const open = new Set<number>();
  const newcomers = createNewcomerSpans((since) => {
    open.add(since);
    return {
      end: (endedAt) => {
        open.delete(since);
        spans.push(`${since}-${endedAt}`);
      },
    };
  }, 1000);
  return { spans, open, newcomers };
};

it('tells from when to when a new container was not watched, once', () => {
  const { spans, newcomers } = createStage();
  const one = [started('docker:a', 2000)];
  newcomers.note(one, () => undefined, 2100);
  expect(spans).toEqual([]);
  newcomers.note(one, () => 2300, 2300);
  newcomers.note(one, () => 2300, 9000);
  newcomers.note([], () => undefined, 10_000);
  expect(spans).toEqual(['2000-2300']);
});

it('tells of one whose network is not found while it runs, and ends that once', () => {
  for (const end of ['watched', 'left', 'ended'] as const) {
    const { spans, open, newcomers } = createStage();
    const one = [started('docker:a', 2000)];
    newcomers.note(one, () => undefined, 2100);
    newcomers.note(one, () => undefined, 22_000);
    newcomers.note(one, () => undefined, 32_000);
    expect([...open]).toEqual([2000]);
    if (end === 'watched') newcomers.note(one, () => 40_000, 40_000);
    else if (end === 'ended') newcomers.ended({ ...started('docker:a', 2000).record, endedAt: 40_000 });
    else newcomers.note([], () => undefined, 40_000);
    newcomers.note([], () => undefined, 50_000);
    expect({ spans, open: [...open] }).toEqual({ spans: ['2000-40000'], open: [] });
  }
});

it('tells the whole life of one that was never watched, and each life of one that starts again', () => {
  const { spans, newcomers } = createStage();
  newcomers.note([started('docker:a', 2000)], () => undefined, 2100);
  newcomers.note([started('docker:a', 3000)], () => undefined, 3100);
  newcomers.note([], () => undefined, 3500);
  expect(spans).toEqual(['2000-3100', '3000-3500']);
});

it('says nothing of those that were there before the sensor looked, nor of those without a network of their own', () => {
  const { spans, newcomers } = createStage();
  newcomers.note([started('docker:a', 10), started('docker:b', 5000, { networkMode: 'host' })], () => 1000, 1000);
  newcomers.note([], () => undefined, 6000);
  expect(spans).toEqual([]);
});

it('tells the life of a container that was over before anything could be watched', () => {
  const { spans, newcomers } = createStage();
  newcomers.ended({ ...started('docker:a', 2000).record, endedAt: 2060 });
  newcomers.ended({ ...started('docker:b', 2000, { networkMode: '' }).record, endedAt: 2070 });
  newcomers.ended({ ...started('docker:c', 2000, { networkMode: 'host' }).record, endedAt: 2080 });
  newcomers.ended({ ...started('docker:d', 400).record, endedAt: 900 });
  expect(spans).toEqual(['2000-2060', '2000-2070']);
});

it('tells a life once whose container also left, and none of one that was watched', () => {
  const { spans, newcomers } = createStage();
  const [watched, unwatched] = [started('docker:a', 2000), started('docker:b', 2000)];
  newcomers.note([watched, unwatched], (key) => (key === 'docker:a' ? 2000 : undefined), 2100);
  newcomers.ended({ ...watched.record, endedAt: 2500 });
  newcomers.ended({ ...unwatched.record, endedAt: 2600 });
  newcomers.note([], () => undefined, 2700);
  expect(spans).toEqual(['2000-2600']);
});

it('tells also of one that no runtime told of, unless it must be on a network that is not its own', () => {
  const { spans, newcomers } = createStage();
  const sighted = (key: string, startedAt: number): KnownContainer => ({
    ...started(key, startedAt, { startInferred: true, networkMode: '' }),
    pid: undefined,
  });
  const [found, brief, onHost] = [sighted('podman:a', 2000), sighted('podman:b', 40_000), sighted('podman:c', 3000)];
  const openedAt = (key: string): number | undefined => (key === 'podman:a' ? 9000 : undefined);
  newcomers.note([found, onHost], () => undefined, 3500);
  newcomers.note([found, onHost], openedAt, 9000);
  newcomers.note([onHost, brief], openedAt, 41_000);
  newcomers.note([], openedAt, 45_000);
  expect(spans).toEqual(['2000-9000', '40000-45000']);
});

it('hears of lives from those who know containers, where it is needed', () => {
  for (const isNeeded of [true, false]) {
    const { spans, newcomers } = createStage();
    const workloads = createWorkloadDirectory();
    const clock = createManualClock(3000);
    const followed = followNewcomers({ workloads, clock, spans: newcomers, openedAt: () => undefined, isNeeded });
    workloads.setContainer(started('docker:a', 2000));
    workloads.removeContainer('docker:a');
    workloads.endLife({ ...started('docker:b', 2000).record, endedAt: 2060 });
    followed.stop();
    workloads.endLife({ ...started('docker:c', 2000).record, endedAt: 2070 });
    expect(spans).toEqual(isNeeded ? ['2000-3000', '2000-2060'] : []);
  }
});
