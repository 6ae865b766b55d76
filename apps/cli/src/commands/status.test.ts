import { expect, test } from 'vitest';
import { lossesOf } from './status.ts';

test('losses are summed by what was lost', () => {
  expect(lossesOf([])).toBe('none');
  expect(
    lossesOf([
      { kind: 'events', lost: 7 },
      { kind: 'records', lost: 1 },
      { kind: 'events', lost: 5 },
    ]),
  ).toBe('12 events, 1 record of the inventory');
});
