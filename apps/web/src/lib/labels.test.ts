import { expect, test } from 'vitest';
import { formatLabels, formatScope, parseLabels, parseScope } from './labels.ts';

test('labels come back as they were written', () => {
  const labels = { env: 'production', 'com.example/team': 'shop', empty: '', equation: 'a=b' };
  expect(parseLabels(formatLabels(labels))).toEqual({ ok: true, labels });
});

test.each([
  ['env', 'Line 1 is not name=value.'],
  ['a=1\n=x', 'Line 2 is not name=value.'],
  ['a=1\n\na=2', 'Line 3 names a again.'],
])('%j is refused', (text, problem) => expect(parseLabels(text)).toEqual({ ok: false, problem }));

test('a label cannot reach the prototype', () => {
  const parsed = parseLabels('__proto__=x\nconstructor=y');
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  expect(parsed.ok).toBe(true);
});

test('a scope may name several values; nothing is everything', () => {
  expect(parseScope('')).toEqual({ ok: true, scope: null });
  expect(parseScope('team=shop, platform\nenv=production')).toEqual({
    ok: true,
    scope: { team: ['shop', 'platform'], env: ['production'] },
  });
  expect(parseScope('team=')).toEqual({ ok: false, problem: 'team has no value.' });
  expect(formatScope({ team: ['shop', 'platform'] })).toBe('team=shop,platform');
});
