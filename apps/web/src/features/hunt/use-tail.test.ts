import type { HuntEvent } from '@parapet/contract/api';
import { expect, test } from 'vitest';
import { joined, nothingYet } from './use-tail.ts';

const event = (at: number): HuntEvent => ({ '@timestamp': at, 'host.id': 'h', 'event.sequence': at });
const times = (rows: readonly HuntEvent[]): readonly unknown[] => rows.map((row) => row['@timestamp']);
const came = (from: readonly number[], more = false) => ({ items: from.map(event), gaps: [], more });

test('what comes goes on top, late ones to their place, each once', () => {
  const first = joined(nothingYet, came([5, 3]));
  expect(times(joined(first, came([9, 5, 4, 3])).rows)).toEqual([9, 5, 4, 3]);
});

test('says when a whole page was new: others may lie between', () => {
  const first = joined(nothingYet, came([5], true));
  expect(first.overrun).toBe(false);
  expect(joined(first, came([9, 8], true)).overrun).toBe(true);
  expect(joined(first, came([9, 5], true)).overrun).toBe(false);
});

test('keeps the newest five thousand', () => {
  const many = Array.from({ length: 6000 }, (_, index) => 6000 - index);
  const { rows } = joined(nothingYet, came(many));
  expect(rows).toHaveLength(5000);
  expect(rows[0]?.['@timestamp']).toBe(6000);
});
