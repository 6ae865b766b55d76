import { cpus } from 'node:os';
import { expect, test } from 'vitest';
import { onlineCpus, parseCpus, possibleCpus } from './online-cpus.ts';

test('lists of CPUs are read as the kernel writes them', () => {
  expect(parseCpus('0\n')).toEqual([0]);
  expect(parseCpus('0-2,5,7-8\n')).toEqual([0, 1, 2, 5, 7, 8]);
  expect(parseCpus('\n')).toEqual([0]);
  expect(parseCpus('x')).toEqual([]);
  expect(parseCpus('0-99999999')).toHaveLength(8192);
});

test('this machine has those that Node counts', () => {
  expect(onlineCpus()).toHaveLength(cpus().length);
  expect(possibleCpus()).toBeGreaterThanOrEqual(cpus().length);
});
