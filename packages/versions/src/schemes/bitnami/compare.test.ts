import { acceptScheme } from '../../testing/order.ts';
import { bitnamiScheme } from './index.ts';

acceptScheme(bitnamiScheme, {
  ascending: [
    ['1.2.3-rc1', '1.2.3', '1.2.3-1', '1.2.3-2', '1.2.3-10', '1.2.4'],
    ['x', '0.1'],
  ],
  equal: [['1.2.3', 'v1.2.3', '1.2.3-0']],
  valid: ['1.2.3', '1.2.3-4', '1.2.3-rc1', '1.2.3-rc1-4', '2024.1'],
  invalid: ['', 'a', '1.2.3-', '1..2'],
});
