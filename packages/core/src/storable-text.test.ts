import { expect, it } from 'vitest';
import { storableJson } from './storable-text.ts';

it('makes JSON of which every text can be stored', () => {
  const value = {
    name: 'a\ud800b',
    'na\0me': ['\udc00', '\0', 'emoji \u{1f600}'],
    deep: { text: 'as it is' },
    count: 1,
  };
  expect(JSON.parse(storableJson(value))).toEqual({
    name: 'a\ufffdb',
    'na\ufffdme': ['\ufffd', '\ufffd', 'emoji \u{1f600}'],
    deep: { text: 'as it is' },
    count: 1,
  });
});

it('leaves text that only looks like an escape as it is', () => {
  const value = { name: '\\ud800 \\u0000' };
  expect(JSON.parse(storableJson(value))).toEqual(value);
});
