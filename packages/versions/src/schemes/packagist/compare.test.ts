import { acceptScheme } from '../../testing/order.ts';
import { packagistScheme } from './index.ts';

acceptScheme(packagistScheme, {
  ascending: [
    // PHP's documentation of version_compare: any other word, dev, alpha, beta, RC, #, pl.
    ['1.0foo', '1.0-dev', '1.0a1', '1.0alpha2', '1.0b1', '1.0RC1', '1.0RC2', '1.0', '1.0.0', '1.0.1', '1.0pl1'],
    ['dev-main', '0.1', '9', '10'],
    ['5.4.0', '5.4.10', '6.0.0-beta1', '6.0.0'],
  ],
  equal: [
    ['1.0', 'v1.0', 'V1.0', '1-0'],
    ['1.0a1', '1.0.alpha.1', '1.0-alpha1'],
    ['1.0-ALPHA1', '1.0-BETA1'],
    ['1.0p1', '1.0-patch1', '1.0pl1'],
  ],
  valid: ['1.0', 'v1.2.3', '1.2.3.4', '1.0-RC1', '1.0.0-beta.2', '1.0-dev', '2.0.0-patch3'],
  invalid: ['', 'dev-main', 'foo', '1.0-foo'],
});
