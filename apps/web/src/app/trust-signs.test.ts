// @vitest-environment happy-dom
import type { TrustSigns } from '@parapet/contract/api';
import { expect, test } from 'vitest';
import { signsOf } from './trust-signs.tsx';

const now = Date.parse('2026-11-21T12:00:00.000Z');
const well: TrustSigns = {
  feeds: { state: 'fresh', dataAt: '2026-11-21T10:00:00.000Z' },
  hosts: { total: 42, silent: 0, simulated: 0 },
  lostEvents: 0,
  lostRecords: 0,
  blindHosts: 0,
  disk: { state: 'ok', usedShare: 0.4 },
  at: '2026-11-21T12:00:00.000Z',
};
const tones = (trust: TrustSigns): string =>
  signsOf(trust, now)
    .map((sign) => sign.tone)
    .join();

test('all is well', () => {
  expect(tones(well)).toBe('ok,ok,ok');
  expect(signsOf(well, now)[0]).toMatchObject({ before: 'Feeds', value: '2 h', after: 'old' });
});

test('old or missing feeds, silent hosts and losses are said', () => {
  expect(tones({ ...well, feeds: { state: 'none' } })).toBe('warn,ok,ok');
  expect(tones({ ...well, feeds: { state: 'stale', dataAt: well.at } })).toBe('warn,ok,ok');
  expect(tones({ ...well, hosts: { total: 42, silent: 1, simulated: 0 } })).toBe('ok,warn,ok');
  expect(tones({ ...well, lostEvents: 3 })).toBe('ok,ok,bad');
  expect(tones({ ...well, blindHosts: 1 })).toBe('ok,ok,warn');
  expect(signsOf({ ...well, blindHosts: 1 }, now)[2]).toMatchObject({ value: '1', after: 'host blind' });
});

test('no hosts is neither well nor ill', () =>
  expect(tones({ ...well, hosts: { total: 0, silent: 0, simulated: 0 } })).toBe('ok,none,ok'));

test('a disk that fills is said, one with room is not', () => {
  const tight = signsOf({ ...well, disk: { state: 'tight', usedShare: 0.874 } }, now)[3];
  expect(tight).toMatchObject({
    tone: 'warn',
    before: 'Disk',
    value: '87 %',
    after: 'full',
    to: '/settings/retention',
  });
  expect(tones({ ...well, disk: { state: 'full', usedShare: 0.96 } })).toBe('ok,ok,ok,bad');
});

test('events and records of the inventory are told apart', () => {
  const lossesOf = (lostEvents: number, lostRecords: number) =>
    signsOf({ ...well, lostEvents, lostRecords, blindHosts: 1 }, now)[2];
  expect(lossesOf(3, 0)).toMatchObject({ tone: 'bad', value: '3', after: 'events lost' });
  expect(lossesOf(0, 1)).toMatchObject({ tone: 'bad', value: '1', after: 'record lost' });
  expect(lossesOf(1, 2)).toMatchObject({ tone: 'bad', value: '1', after: 'event, 2 records lost' });
});
