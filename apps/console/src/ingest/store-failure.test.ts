import { expect, test } from 'vitest';
import { classifyStoreFailure } from './store-failure.ts';

const withCode = (code: string): Error => Object.assign(new Error(code), { code });

test.each([
  ['40P01', 'busy'],
  ['40001', 'busy'],
  ['57014', 'busy'],
  ['57P01', 'away'],
  ['08006', 'away'],
  ['53100', 'away'],
  ['25006', 'away'],
  ['22P05', 'data'],
  ['23505', 'data'],
  ['ECONNREFUSED', 'away'],
  ['ENOENT', 'away'],
])('%s is %s', (code, failure) => {
  expect(classifyStoreFailure(withCode(code))).toBe(failure);
});

test('a bug of ours is about the data; a driver without a code lost its connection', () => {
  expect(classifyStoreFailure(new TypeError('x is undefined'))).toBe('data');
  expect(classifyStoreFailure(new Error('Connection terminated unexpectedly'))).toBe('away');
  expect(classifyStoreFailure(undefined)).toBe('away');
});
