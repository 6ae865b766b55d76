import { expect, it } from 'vitest';
import type { KnownContainer } from '../workload-directory.ts';
import { createNewcomerSpans } from './newcomer-spans.ts';
import { container } from './testing/fakes.ts';

const started = (key: string, startedAt: number, more: Partial<KnownContainer['record']> = {}): KnownContainer => {
  const made = container(key, []);
  return { ...made, record: { ...made.record, startedAt, networkMode: 'bridge', ...more } };
};

const createStage = () => {
  const spans: string[] = [];
  const newcomers = createNewcomerSpans((since) => ({ end: (endedAt) => spans.push(`${since}-${endedAt}`) }), 1000);
  return { spans, newcomers };
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
