import { createManualClock } from '@parapet/core';
import { expect, test } from 'vitest';
import type { AuditRecord } from '../audit/audit-record.ts';
import { createClockSkew } from './clock-skew.ts';
import { createInboundOrder } from './inbound-order.ts';
import { createRateLimit } from './rate-limit.ts';
import { createRefusals } from './refusals.ts';

test('the skew is that of the message that travelled fastest', () => {
  const skew = createClockSkew();
  expect(skew.skewMs()).toBe(0);
  skew.observe(10_000, 5000);
  skew.observe(10_000, 5900);
  expect(skew.skewMs()).toBe(5000);
  for (let at = 0; at < 8; at += 1) skew.observe(1000, 1200);
  expect(skew.skewMs()).toBe(-200);
});

test('a bucket empties, fills again with time, and one key does not use up another’s', () => {
  const clock = createManualClock(0);
  const limit = createRateLimit({ clock, perMinute: 60, burst: 2 });
  expect([limit.take('a'), limit.take('a'), limit.take('a'), limit.take('b')]).toEqual([true, true, false, true]);
  clock.advance(1000);
  expect([limit.take('a'), limit.take('a')]).toEqual([true, false]);
});

test('a flood of keys shares one bucket instead of growing the memory', () => {
  const clock = createManualClock(0);
  const limit = createRateLimit({ clock, perMinute: 1, burst: 1, maxKeys: 3 });
  const taken = Array.from({ length: 100 }, (_, at) => limit.take(`key-${at}`));
  expect(taken.filter(Boolean)).toHaveLength(4);
});

test('refusals are audited once a minute for each host and code, with how often it happened', () => {
  const clock = createManualClock(0);
  const audit: AuditRecord[] = [];
  const refusals = createRefusals({
    clock,
    audit: {
      record: async (entry) => {
        audit.push(entry);
      },
    },
  });
  const fault = { hostId: 'h', code: 'replay', message: 'm', address: '::1' };
  for (let at = 0; at < 5; at += 1) refusals.note(fault);
  refusals.note({ ...fault, code: 'gap' });
  expect(audit.map((entry) => [entry.details?.['code'], entry.details?.['times']])).toEqual([
    ['replay', 1],
    ['gap', 1],
  ]);
  clock.advance(60_000);
  refusals.flush();
  expect(audit.at(-1)?.details).toMatchObject({ code: 'replay', times: 4 });
  expect([...refusals.takeCounts()]).toEqual([['h', 6]]);
  expect([...refusals.takeCounts()]).toEqual([]);
  expect(refusals.total()).toBe(6);
});

test('frames of a connection come in order and within the credit', () => {
  const order = createInboundOrder('bulk');
  const frame = (seq: number, epoch = 1) => order.check({ channel: 'bulk', epoch, seq, compressed: false });
  expect(frame(1)).toBe('credit');
  order.grant(2);
  expect([frame(1), frame(1), frame(3), frame(2, 2), frame(2), frame(3)]).toEqual([
    'next',
    'replay',
    'gap',
    'epoch',
    'next',
    'credit',
  ]);
});
