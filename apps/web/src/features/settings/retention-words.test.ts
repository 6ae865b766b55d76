import { defaultRetention } from '@parapet/contract/api';
import { expect, test } from 'vitest';
import { deletionOf, draftOf, settingsOf } from './retention-words.ts';

test('a draft is what it was made of, and no setting while it is not whole', () => {
  expect(settingsOf(draftOf(defaultRetention))).toEqual(defaultRetention);
  const limited = { ...defaultRetention, graphBytes: 2_500_000_000 };
  expect(draftOf(limited).graphGb).toBe('2.5');
  expect(settingsOf(draftOf(limited))).toEqual(limited);
  for (const wrong of [
    { graphDays: '' },
    { graphDays: '0' },
    { auditDays: '7' },
    { scansDays: '1.5' },
    { graphGb: '0.01' },
    { graphGb: 'x' },
    { telemetryGb: '' },
    { telemetryDays: '0' },
  ])
    expect(settingsOf({ ...draftOf(defaultRetention), ...wrong })).toBeUndefined();
});

test('what goes is said with its span and size', () => {
  const gone = {
    kind: 'graph' as const,
    days: 12.2,
    bytes: 1_200_000_000,
    rows: 3_400_000,
    until: '2026-11-01T00:00:00.000Z',
  };
  expect(deletionOf(gone)).toBe('12 days of the graph’s past: about 1.2 GB, 3,400,000 rows');
  expect(deletionOf({ ...gone, kind: 'telemetry' })).toBe('12 days of events: about 1.2 GB, 3,400,000 events');
  expect(deletionOf({ ...gone, days: 0.4, rows: 1 })).toMatch(/^less than a day .* 1 row$/);
});
