import { acceptScheme } from '../../testing/order.ts';
import { conanScheme } from './index.ts';

acceptScheme(conanScheme, {
  ascending: [
    ['1.1.1-pre1', '1.1.1', '1.1.1+b', '1.1.1a', '1.1.1t', '1.1.2', '1.1.10'],
    ['cci.20191231', 'cci.20200203', '0.1'],
  ],
  equal: [['1.2', '1.2.0', 'v1.2']],
  valid: ['1.2.3', '1.1.1t', 'cci.20200203', 'system'],
  invalid: ['', '[>1.0]', ' ', '-1'],
});
