import { expect, test } from 'vitest';
import { lostCount, lostWords } from './lost-words.ts';

test('says what was lost, of each kind that was', () => {
  expect(lostWords({ lostEvents: 0, lostRecords: 0 })).toBe('');
  expect(lostWords({ lostEvents: 1, lostRecords: 0 })).toBe('1 event');
  expect(lostWords({ lostEvents: 0, lostRecords: 1 })).toBe('1 record of the inventory');
  expect(lostWords({ lostEvents: 1312, lostRecords: 5 })).toBe('1,312 events and 5 records of the inventory');
});

test('starts without arguments are neither', () =>
  expect(lostCount('arguments', 2)).toBe('2 starts without their arguments'));
