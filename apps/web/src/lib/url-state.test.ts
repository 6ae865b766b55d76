import { list } from '@parapet/contract/api';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { formatPanel, pageOf, parsePanel } from './panel-target.ts';
import { parseSearch, searchOf, stringifySearch, toggled } from './search-params.ts';

describe('the panel in the URL', () => {
  const id = '1f1be423-3b52-4924-8a13-640eee48d6c9';

  test.each([
    { kind: 'asset', id },
    { kind: 'finding', id },
    { kind: 'edge', source: 'internet', target: `containers:${id}|${id}` },
    { kind: 'edge', source: 'zone:a>b?c&d', target: 'peer:default|10.0.0.1' },
  ] as const)('%o comes back as it was', (target) => expect(parsePanel(formatPanel(target))).toEqual(target));

  test.each(['', 'asset', 'asset:', 'thing:1', 'edge:onlyone', 'edge:a>b>c', 'edge:%E0%A4%A>b'])(
    '%s shows nothing',
    (text) => expect(parsePanel(text)).toBeUndefined(),
  );

  test('assets and findings have pages, edges do not', () => {
    expect(pageOf({ kind: 'asset', id })).toBe(`/assets/${id}`);
    expect(pageOf({ kind: 'finding', id })).toBe(`/findings/${id}`);
    expect(pageOf({ kind: 'edge', source: 'a', target: 'b' })).toBeUndefined();
  });
});

describe('search parameters', () => {
  const validate = searchOf({
    q: z.string().max(4),
    kind: list(z.enum(['host', 'image'])),
    minRisk: z.coerce.number().min(0).max(100),
  });

  test('what cannot be read does not come through as it was typed', () => {
    const typed = { kind: 'planet', minRisk: '200', q: 'ok', zoom: 3 };
    // As the router puts them together.
    const search = { ...typed, ...validate(typed) };
    expect(search).toEqual({ kind: undefined, minRisk: undefined, q: 'ok', zoom: 3 });
    expect(stringifySearch(search)).toBe('?q=ok&zoom=3');
  });

  test('lists are comma-separated and nothing is JSON', () => {
    expect(stringifySearch({ kind: ['host', 'image'], q: '123', none: undefined, empty: [] })).toBe(
      '?kind=host%2Cimage&q=123',
    );
    expect(stringifySearch({})).toBe('');
  });

  test('what was written is read again', () => {
    const search = { kind: ['host', 'image'], minRisk: 20, q: 'a&b' };
    expect(validate(parseSearch(stringifySearch(search)))).toEqual(search);
  });

  test('a parameter that does not parse is dropped, the others stay', () => {
    expect(validate({ q: 'too long', kind: 'host,planet', minRisk: '20' })).toEqual({ minRisk: 20 });
    expect(validate({ kind: 'host', other: 'x' })).toEqual({ kind: ['host'] });
  });

  test('toggling the last value removes the parameter', () => {
    expect(toggled(undefined, 'a')).toEqual(['a']);
    expect(toggled(['a', 'b'], 'a')).toEqual(['b']);
    expect(toggled(['a'], 'a')).toBeUndefined();
  });
});
