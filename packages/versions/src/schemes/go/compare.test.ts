import { acceptScheme } from '../../testing/order.ts';
import { goScheme } from './index.ts';

acceptScheme(goScheme, {
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
    // A pseudo-version lies between the release before it and the next one; https://go.dev/ref/mod#pseudo-versions.
    ['v0.0.0-20190101000000-aaaaaaaaaaaa', 'v0.0.0-20210101000000-000000000000', 'v0.1.0'],
    ['v1.2.3', 'v1.2.4-0.20210101000000-abcdefabcdef', 'v1.2.4'],
    ['go1.20.14', 'go1.21beta1', 'go1.21rc2', 'go1.21rc10', 'go1.21', 'go1.21.1', 'go1.22'],
    ['1.21.0-0', 'go1.21rc1', '1.21.0'],
  ],
  equal: [
    ['1.2.3', 'v1.2.3', '1.2.3+build.1', '1.2.3+build.2'],
    ['1.2', '1.2.0', '01.02'],
    ['v2.7.1+incompatible', '2.7.1'],
    ['go1.21', '1.21.0', 'v1.21.0'],
  ],
  valid: ['v1.2.3', 'v2.0.0+incompatible', 'v0.0.0-20190101000000-aaaaaaaaaaaa', 'go1.21rc2', '1.21'],
  invalid: ['', 'go', 'devel', '(devel)', '1.2.3.4', 'go1.21 X:y'],
});
