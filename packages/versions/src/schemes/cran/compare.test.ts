import { acceptScheme } from '../../testing/order.ts';
import { cranScheme } from './index.ts';

acceptScheme(cranScheme, {
  ascending: [
    ['0.1-0', '0.1.1', '0.2', '1.0', '1.0-0', '1.0.0.1', '1.0-1', '1.10'],
    ['abc', '0.1'],
  ],
  equal: [['1.0-1', '1.0.1', '1.00.01']],
  valid: ['0.1', '1.0-2', '1.2.3-4'],
  invalid: ['', '1', '1.', '1.a', '1..2'],
});
