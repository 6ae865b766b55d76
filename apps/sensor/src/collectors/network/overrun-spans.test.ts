import { expect, it } from 'vitest';
import { createOverrunSpans } from './overrun-spans.ts';

const record = () => {
  const spans: (readonly [number, number | undefined])[] = [];
  const create = createOverrunSpans((since) => ({ end: (at) => spans.push([since, at]) }), 0);
  return { spans, create };
};

it('reaches from the last good read to the last overrun', () => {
  const { spans, create } = record();
  create.read(1000);
  create.overran(1500);
  create.read(1500);
  create.overran(2000);
  create.read(2000);
  expect(spans).toEqual([]);
  create.read(6999);
  expect(spans).toEqual([]);
  create.read(7000);
  expect(spans).toEqual([[1000, 2000]]);
});

it('is made anew for the next burst, and ends when the collector stops', () => {
  const { spans, create } = record();
  create.overran(500);
  create.read(500);
  create.read(6000);
  create.overran(6500);
  create.close(7000);
  expect(spans).toEqual([
    [0, 500],
    [6000, 7000],
  ]);
});
