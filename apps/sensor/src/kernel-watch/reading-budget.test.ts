import { expect, it } from 'vitest';
import { createReadingBudget } from './reading-budget.ts';

it('does the work while there is a share left, and leaves it out when there is none', () => {
  expect(createReadingBudget(Number.POSITIVE_INFINITY).spend(() => 'read')).toBe('read');
  expect(createReadingBudget(0).spend(() => 'read')).toBeUndefined();
});
