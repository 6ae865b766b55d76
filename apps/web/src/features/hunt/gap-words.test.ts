import type { HuntGap } from '@parapet/contract/api';
import { expect, test } from 'vitest';
import { formatMoment } from '../../lib/format.ts';
import { gapKind, gapSentence, gapTone, isUnwantedGap, lackOf, severalHosts } from './gap-words.ts';

const now = Date.parse('2026-11-28T10:00:00Z');
const span = { since: '2026-11-28T09:00:00.000Z', until: '2026-11-28T10:00:00.000Z' };
const host = { hostId: '1f1be423-3b52-4924-8a13-640eee48d6c9', hostName: 'web-01' };
const lost: HuntGap = {
  ...host,
  collector: 'activity',
  from: span.since,
  to: span.until,
  lost: 7,
  cause: 'kernel: full',
};
const blind: HuntGap = { ...host, collector: 'sensor', from: '2026-11-28T09:50:00.000Z', cause: 'killed' };
const gone: HuntGap = {
  collector: 'store',
  from: '2026-11-20T00:00:00.000Z',
  to: span.since,
  deleted: 9,
  cause: 'age',
};

test('tells apart what was lost, not seen and let go', () => {
  expect([lost, blind, gone].map(gapKind)).toEqual(['lost', 'blind', 'gone']);
  expect(lackOf(lost, now)).toBe('7 events lost');
  expect(lackOf(blind, now)).toBe('blind for 10 min');
  expect(lackOf(gone, now)).toBe('9 events no longer kept');
});

test('says all of it in one sentence', () => {
  expect(gapSentence([lost], span, now)).toBe('In this time 7 events were lost on 1 host.');
  expect(gapSentence([lost, blind, gone], span, now)).toBe(
    'In this time 7 events were lost on 1 host, and 1 host could not see everything, for up to 10 min, and some of what happened is no longer kept.',
  );
});

test('counts hosts that are named and those that are only counted', () => {
  const { hostId: _, hostName: __, ...rest } = lost;
  const others: HuntGap = { ...rest, hosts: 30, collector: '*', lost: 93 };
  expect(gapSentence([lost, others], span, now)).toBe('In this time 100 events were lost on 31 hosts.');
});

test('says apart what a policy left out on purpose', () => {
  const leftOut: HuntGap = { collector: 'policy', from: span.since, hosts: 3, cause: 'version 2 leaves out exit' };
  expect([gapKind(leftOut), lackOf(leftOut, now), severalHosts(leftOut)]).toEqual([
    'left-out',
    'left out on purpose',
    '3 hosts',
  ]);
  expect([lost, leftOut].map(isUnwantedGap)).toEqual([true, false]);
  expect(gapSentence([leftOut], span, now)).toBe(
    'Nothing was lost in this time, and no sensor was blind. The telemetry policy left some events out on purpose.',
  );
  expect(gapSentence([lost, leftOut], span, now)).toBe(
    'In this time 7 events were lost on 1 host. The telemetry policy left some events out on purpose.',
  );
});

test('says what nobody watched apart from what was lost, and never that nothing was where nobody was', () => {
  const to = '2026-11-28T09:20:00.000Z';
  const cause = 'the sensor was installed then';
  const before: HuntGap = { ...host, collector: 'sensor', from: span.since, to, unwatched: true, cause };
  const unable: HuntGap = { ...host, collector: 'files', from: span.since, unwatched: true, cause: 'no root' };
  const nobody: HuntGap = { hosts: 0, collector: 'sensor', from: span.since, unwatched: true, cause: 'none' };
  const clock = formatMoment(to, now);
  expect([gapKind(before), lackOf(before, now), lackOf(unable, now)]).toEqual([
    'unwatched',
    `not watched before ${clock}`,
    'not watched',
  ]);
  expect([[], [before], [before, lost]].map(gapTone)).toEqual(['ok', 'none', 'bad']);
  expect(isUnwantedGap(before)).toBe(false);
  expect(gapSentence([before], span, now)).toBe(
    `Nothing was lost of what was watched. web-01 was not watched before ${clock}: the sensor was installed then.`,
  );
  const { hostId: _, hostName: __, ...rest } = before;
  expect(gapSentence([lost, before, { ...rest, hosts: 30, collector: '*' }, unable], span, now)).toBe(
    'In this time 7 events were lost on 1 host. 31 hosts were not watched from the beginning of this time, and not everything can be watched on 1 host.',
  );
  expect(severalHosts(nobody)).toBe('No host');
  expect(gapSentence([nobody], span, now)).toBe(
    'Nobody watched: there is no host here of which anything could be known.',
  );
});
