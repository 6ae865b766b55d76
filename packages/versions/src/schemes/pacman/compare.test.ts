import { acceptScheme } from '../../testing/order.ts';
import { pacmanScheme } from './index.ts';

acceptScheme(pacmanScheme, {
  ascending: [
    // vercmp(8).
    ['1.0a', '1.0b', '1.0beta', '1.0p', '1.0pre', '1.0rc', '1.0', '1.0.a', '1.0.1'],
    ['1', '1.0', '1.1', '1.1.1', '1.2', '2.0', '3.0.0'],
    ['2.0-1', '2.0-2', '2.0-10', '1:0.1-1'],
    ['1.0', '1.0-1'],
    ['1.5.a', '1.5.1'],
  ],
  equal: [
    ['1.0-1', '0:1.0-1', '01.0-1'],
    ['1.0', '1_0', '1.0.'],
  ],
  valid: ['1.0-1', '1:2.3.r4.gabc-1', '5.2.037-1.1'],
  invalid: ['', '1.0-1-1', 'a b', '1.0-x'],
});
