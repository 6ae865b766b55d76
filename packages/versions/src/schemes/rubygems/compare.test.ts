import { acceptScheme } from '../../testing/order.ts';
import { rubygemsScheme } from './index.ts';

acceptScheme(rubygemsScheme, {
  ascending: [
    ['0.9', '1.0.a.2', '1.0.a3', '1.0.b1', '1.0', '1.0.1'],
    ['1.0.0.pre', '1.0.0.rc1', '1.0.0'],
    ['1.0.0-beta', '1.0.0'],
    ['2', '10', '10.1'],
    ['99999999999999999999998', '99999999999999999999999'],
  ],
  equal: [
    ['1', '1.0', '1.0.0', ' 1 '],
    ['1.0.a2', '1.0.a.2', '1.a.2'],
    ['1.2-3', '1.2.pre.3'],
  ],
  valid: ['1', '1.2.3', '1.0.0.rc1', '1.2.0-java'],
  invalid: ['', 'a', '.1', '1..2', '1.2 3'],
});
