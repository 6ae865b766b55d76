import { acceptScheme } from '../../testing/order.ts';
import { cratesScheme } from './index.ts';

acceptScheme(cratesScheme, {
  ascending: [
    // semver.org, rule 11.
    [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
    ],
    ['0.9.9', '0.10.0-0', '0.10.0', '1.0.0', '2.0.0', '2.1.0', '2.1.1', '10.0.0'],
    ['1.2.3-r100', '1.2.3-r2', '1.2.3-r2-x'],
    ['no version', '0', '99999999999999999999998', '99999999999999999999999'],
  ],
  equal: [
    ['1.2.3', 'v1.2.3', '1.2.3+build.1', '1.2.3+build.2'],
    ['1.2', '1.2.0', '01.02'],
  ],
  valid: ['1.2.3', '0.1.0-alpha.1', '1.0.0+sha.abc'],
  invalid: ['', '1', '1.2', '1.2.3-', '1.2.3+', '01.2.3', '1.2.3-a..b', '1.2.3 ', 'v1.2.3'],
});
