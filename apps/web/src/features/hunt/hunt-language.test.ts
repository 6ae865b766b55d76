import { describe, expect, test } from 'vitest';
import { choicesAt, spotAt, withChoice } from './completion.ts';
import { formatEventKey, parseEventKey, spanOf } from './hunt-search.ts';
import { comparisonOf, narrowed, valueText } from './pivot.ts';

const spot = (marked: string) => {
  const caret = marked.indexOf('|');
  return spotAt(marked.replace('|', ''), caret);
};

describe('completion', () => {
  test.each([
    ['|', 'field'],
    ['proc|', 'field'],
    ['not |', 'field'],
    ['(|', 'field'],
    ['process.name |', 'operator'],
    ['process.name = |', 'value'],
    ['process.name = n|', 'value'],
    ['process.name in |', 'list'],
    ['process.name in (nc, |', 'value'],
    ['process.name in (nc) |', 'joiner'],
    ['process.name = nc |', 'joiner'],
    ['process.name = "a b" and |', 'field'],
    ['user.id exists |', 'joiner'],
    ['nothing = |', 'none'],
    ['process.name = "open |', 'none'],
  ])('at %s stands a %s', (marked, kind) => expect(spot(marked).kind).toBe(kind));

  test('offers what begins with the word first, then what holds it', () => {
    const offered = choicesAt(spot('name|'), []).map(({ text }) => text);
    expect(offered).toContain('process.name');
    expect(choicesAt(spot('process.n|'), [])[0]?.text).toBe('process.name');
    expect(choicesAt(spot('user.id |'), []).map(({ text }) => text)).toContain('>=');
    expect(choicesAt(spot('process.name |'), []).map(({ text }) => text)).not.toContain('>=');
  });

  test('puts a choice in the place of the word and goes on behind it', () => {
    expect(withChoice('proc = nc', spot('proc| = nc'), 'process.name')).toEqual({
      text: 'process.name = nc',
      caret: 13,
    });
    expect(withChoice('a.b', { kind: 'field', from: 0, to: 3, typed: 'a.b' }, 'user.id')).toEqual({
      text: 'user.id ',
      caret: 8,
    });
  });
});

describe('a pivot', () => {
  test.each([
    ['process.name', 'nc', false, 'process.name = nc'],
    ['process.name', 'two words', true, 'process.name != "two words"'],
    ['process.command_line', 'sh -c "ls *"', false, 'process.command_line ~ "^sh -c \\"ls \\\\*\\"$"'],
    ['user.id', 0, false, 'user.id = 0'],
    ['source.ip', '::1', true, 'source.ip != ::1'],
    ['parapet.process.memfd', true, false, 'parapet.process.memfd = true'],
    ['file.path', '/tmp/a..b', false, 'file.path = "/tmp/a..b"'],
  ] as const)('of %s %s', (field, value, against, text) => expect(comparisonOf(field, value, against)).toBe(text));

  test('is not offered for what a hunt cannot hold', () =>
    expect(comparisonOf('process.command_line', 'x'.repeat(5000))).toBeUndefined());

  test('joins what is there, in brackets where “or” would swallow it', () => {
    expect(narrowed('', 'user.id = 0')).toBe('user.id = 0');
    expect(narrowed('process.name = nc', 'user.id = 0')).toBe('process.name = nc and user.id = 0');
    expect(narrowed('a = 1 or b = 2', 'user.id = 0')).toBe('(a = 1 or b = 2) and user.id = 0');
    expect(narrowed('(a = 1 or b = 2)', 'user.id = 0')).toBe('(a = 1 or b = 2) and user.id = 0');
    expect(narrowed('user.id = 0', 'user.id = 0')).toBe('user.id = 0');
  });

  test('quotes what is no word', () => {
    expect(valueText('plain')).toBe('plain');
    expect(valueText('a "b" \\')).toBe('"a \\"b\\" \\\\"');
    expect(valueText('')).toBe('""');
  });
});

describe('the span', () => {
  const now = Date.parse('2026-11-28T10:00:00.000Z');

  test('is an hour back unless the URL says otherwise', () => {
    expect(spanOf({}, now)).toEqual({ since: '2026-11-28T09:00:00.000Z', until: '2026-11-28T10:00:00.000Z' });
    const fixed = { since: '2026-11-27T00:00:00.000Z', until: '2026-11-27T01:00:00.000Z' };
    expect(spanOf({ ...fixed, last: 5 }, now)).toEqual(fixed);
    expect(spanOf({ since: fixed.until, until: fixed.since, last: 1 }, now).until).toBe('2026-11-28T10:00:00.000Z');
  });

  test('ends at the past moment that the app shows', () =>
    expect(spanOf({ last: 1 }, now, '2026-11-20T10:00:00.000Z').since).toBe('2026-11-20T09:59:00.000Z'));
});

test('an event is named by time, host and order', () => {
  const key = { at: 1_795_860_000_000_007, host: '1f1be423-3b52-4924-8a13-640eee48d6c9', sequence: 42 };
  expect(parseEventKey(formatEventKey(key))).toEqual(key);
  expect(parseEventKey('nonsense')).toBeUndefined();
});
