import { acceptScheme } from '../../testing/order.ts';
import { portageScheme } from './index.ts';

acceptScheme(portageScheme, {
  ascending: [
    ['1.0_alpha', '1.0_alpha1', '1.0_beta', '1.0_pre', '1.0_rc', '1.0', '1.0-r1', '1.0_p', '1.0_p1', '1.0a', '1.0.0'],
    ['1.05', '1.1', '1.2', '1.10'],
    ['1.0_rc1_p1', '1.0_rc2'],
    ['x', '1'],
  ],
  equal: [
    ['1.0', '1.0-r0', '01.0'],
    ['1.0_alpha', '1.0_alpha0'],
    ['1.010', '1.01'],
  ],
  valid: ['1', '1.2.3a', '1.0_rc1_p2-r3'],
  invalid: ['', 'a', '1.0-1', '1.0_x', '1.', '1.0aa'],
});
