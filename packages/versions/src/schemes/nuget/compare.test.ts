import { acceptScheme } from '../../testing/order.ts';
import { nugetScheme } from './index.ts';

acceptScheme(nugetScheme, {
  ascending: [
    ['1.0.0-alpha', '1.0.0-ALPHA.1', '1.0.0-beta', '1.0.0-RC', '1.0.0', '1.0.0.1-x', '1.0.0.1', '1.0.1'],
    ['1.9', '1.10'],
    ['1.0.0-2', '1.0.0-10', '1.0.0-a'],
  ],
  equal: [
    ['1.0', '1.0.0', '1.0.0.0', '1.00', '1.0.0+Meta'],
    ['1.0.0-Beta.X', '1.0.0-beta.x'],
  ],
  valid: ['1', '1.0', '1.2.3.4', '1.0.0-rc.1+x'],
  invalid: ['', '1.2.3.4.5', 'v1', '1.0-', 'a'],
});
