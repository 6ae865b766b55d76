import { acceptScheme } from '../../testing/order.ts';
import { mavenScheme } from './index.ts';

acceptScheme(mavenScheme, {
  ascending: [
    // The POM reference, "Version order specification".
    ['1-alpha', '1-beta', '1-milestone', '1-rc', '1-snapshot', '1', '1-sp', '1-abc', '1-1', '1.1'],
    ['1.0-alpha-1-SNAPSHOT', '1.0-alpha-1', '1.0-alpha-2', '1.0-alpha-10', '1.0-beta-1'],
    ['1-foo2', '1-foo10'],
    ['1.rc', '1-rc', '1', '1.foo', '1-foo', '1-1', '1.1'],
    ['1.5.9.RC1', '1.5.9-RC0', '1.5.9'],
    ['7-pre3', '7.0.pre4', '7.1'],
    ['1.0-RC3', '1.0.RC1', '1.0.RC2', '1.0.0', '1.0-1', '1.0.SP1', '1.0.0.1'],
    ['2.0', '2.0.1', '2.0.1-klm', '2.0.1-xyz', '2.0.1-123', '2.0.2'],
    ['9', '10', '99999999999999999999998', '99999999999999999999999'],
  ],
  equal: [
    ['1', '1.0', '1-0', '1.ga', '1.final', '1-release', '1.', '1-', '1.0.0-0.0.0', '01', '1GA'],
    ['1-a1', '1-alpha-1', '1alpha1', '1A1'],
    ['1m3', '1Milestone3', '1-milestone-3'],
    ['1-cr1', '1-rc1', '1rc1'],
    ['1.0.0-foo.0.0', '1-foo'],
  ],
  valid: ['1.0', '2.7.18.Final', '1.0-SNAPSHOT', '31.1-jre', 'Finchley.SR4'],
  invalid: ['', '../1', '1 0', '[1,2)'],
});
