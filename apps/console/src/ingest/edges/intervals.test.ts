import { expect, test } from 'vitest';
import { edgeGapMs, uniteSpans } from './intervals.ts';

const minute = 60_000;

test('a first span is new', () => {
  expect(uniteSpans([], [{ start: 10, end: undefined }])).toEqual({
    inserted: [{ start: 10, end: undefined }],
    updated: [],
    deleted: [],
  });
});

test('the same span again changes nothing', () => {
  const stored = [{ id: 1, start: 10, end: undefined }];
  expect(uniteSpans(stored, [{ start: 10, end: undefined }])).toEqual({ inserted: [], updated: [], deleted: [] });
});

test('an absence under five minutes does not split a span', () => {
  const stored = [{ id: 1, start: 0, end: 10 * minute }];
  expect(uniteSpans(stored, [{ start: 10 * minute + edgeGapMs - 1, end: undefined }])).toEqual({
    inserted: [],
    updated: [{ id: 1, start: 0, end: undefined }],
    deleted: [],
  });
});

test('an absence of five minutes does', () => {
  const stored = [{ id: 1, start: 0, end: 10 * minute }];
  const added = { start: 10 * minute + edgeGapMs, end: undefined };
  expect(uniteSpans(stored, [added])).toEqual({ inserted: [added], updated: [], deleted: [] });
});

test('a span that bridges two unites them', () => {
  const stored = [
    { id: 1, start: 0, end: minute },
    { id: 2, start: 20 * minute, end: 21 * minute },
  ];
  expect(uniteSpans(stored, [{ start: 2 * minute, end: 19 * minute }])).toEqual({
    inserted: [],
    updated: [{ id: 1, start: 0, end: 21 * minute }],
    deleted: [2],
  });
});

test('what lies inside an open span vanishes in it', () => {
  const stored = [{ id: 1, start: 0, end: undefined }];
  expect(uniteSpans(stored, [{ start: 50 * minute, end: 60 * minute }])).toEqual({
    inserted: [],
    updated: [],
    deleted: [],
  });
});

test('the order of spans does not matter', () => {
  const spans = [
    { start: 0, end: minute },
    { start: 30 * minute, end: 31 * minute },
    { start: 3 * minute, end: 4 * minute },
    { start: 60 * minute, end: undefined },
  ];
  const sorted = (list: readonly { start: number }[]) => [...list].sort((a, b) => a.start - b.start);
  expect(sorted(uniteSpans([], spans).inserted)).toEqual(sorted(uniteSpans([], [...spans].reverse()).inserted));
  expect(uniteSpans([], spans).inserted).toHaveLength(3);
});

test('no span ends before it begins, whatever a clock said', () => {
  expect(uniteSpans([], [{ start: 100, end: 50 }]).inserted).toEqual([{ start: 100, end: 100 }]);
});
