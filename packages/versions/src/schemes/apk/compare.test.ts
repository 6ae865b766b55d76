import { acceptScheme } from '../../testing/order.ts';
import { apkScheme } from './index.ts';

acceptScheme(apkScheme, {
  ascending: [
    [
      '1.2_alpha',
      '1.2_alpha1',
      '1.2_beta',
      '1.2_pre1',
      '1.2_rc1',
      '1.2',
      '1.2_cvs1',
      '1.2_svn1',
      '1.2_git1',
      '1.2_hg1',
      '1.2_p1',
    ],
    ['1.36.1', '1.36.1-r0', '1.36.1-r2', '1.36.1-r15', '1.36.1a', '1.36.2'],
    ['1.0.2', '1.0.2a', '1.0.2b', '1.0.2z'],
    ['3.1.0-r1', '3.1.4-r5', '3.1.10-r0', '10.0'],
    // After the first, a number with a leading zero is read like decimals.
    ['1.001', '1.01', '1.05', '1.1', '1.5', '1.10'],
    ['1.0_rc1_p1', '1.0_rc2', '1.0'],
    // What cannot be parsed is older than what can.
    ['1.2_blah', '1.2'],
  ],
  equal: [
    ['1-r1', '1-r01'],
    ['1-r', '1-r0'],
    ['1.2~abc123-r0', '1.2~ffff00-r0'],
    ['01', '1'],
  ],
  valid: ['1', '1.2.3', '1.2b_rc1_p3-r12', '1.0~deadbeef-r1', '20240101'],
  invalid: ['', 'a', '1.2-rc1', '1.2_foo', '1..2', '.1', '1.2-r1x', '1.2B'],
});
