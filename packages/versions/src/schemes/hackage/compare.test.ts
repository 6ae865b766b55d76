import { acceptScheme } from '../../testing/order.ts';
import { hackageScheme } from './index.ts';

acceptScheme(hackageScheme, {
  ascending: [
    ['0.9', '1', '1.0', '1.0.0', '1.0.0.1', '1.0.1', '1.10'],
    ['x', '0'],
  ],
  equal: [['1.01', '1.1']],
  valid: ['1', '0.1.2.3'],
  invalid: ['', '1.', '1-2', 'a'],
});
