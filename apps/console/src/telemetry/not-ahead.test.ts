import type { TelemetryAccount } from '@parapet/contract/telemetry';
import { expect, it } from 'vitest';
import { notAhead } from './not-ahead.ts';

const told = (to: number, skewMs = 0): number => {
  const account: TelemetryAccount = {
    ...{ kind: 'account', collector: 'activity', since: 0, to, produced: 1, told: 1, lost: [], unwanted: 0 },
  };
  return notAhead(account, { receivedAtMs: 1e12, skewMs }).to;
};

it('leaves an account whose time has come by the clock of its host, as that was measured', () => {
  expect(told(1e12 - 5000)).toBe(1e12 - 5000);
  expect(told(1e12 + 30_000)).toBe(1e12 + 30_000);
  expect(told(1e12 + 7_200_000, 7_200_000)).toBe(1e12 + 7_200_000);
});

it('brings one that is complete until a time to come to when it came', () => {
  expect(told(8.64e15)).toBe(1e12);
  expect(told(1e12 + 7_200_000)).toBe(1e12);
  expect(told(8.64e15, 7_200_000)).toBe(1e12 + 7_200_000);
});

it('does not take a skew for true that only a liar or a broken clock has', () => {
  expect(told(8.64e15, 1e15)).toBe(1e12 + 86_400_000);
});
