import { expect, test } from 'vitest';
import { aPackage } from '../findings/testing/inventory.ts';
import { compareLists } from './compare-lists.ts';

test('what came, went and changed', () => {
  const before = [aPackage('curl', '1'), aPackage('openssl', '3.0.9'), aPackage('zlib', '1')];
  const after = [aPackage('openssl', '3.0.15'), aPackage('zlib', '1'), aPackage('jq', '1.7')];
  expect(compareLists(before, after)).toMatchObject({
    came: [{ name: 'jq', from: [], to: ['1.7'] }],
    went: [{ name: 'curl', from: ['1'], to: [] }],
    changed: [{ name: 'openssl', from: ['3.0.9'], to: ['3.0.15'] }],
    untold: 0,
  });
  expect(compareLists(before, before)).toEqual({ came: [], went: [], changed: [], untold: 0 });
});

test('versions side by side are one package', () => {
  const one = [aPackage('linux-image', '6.1'), aPackage('linux-image', '6.2')];
  const other = [aPackage('linux-image', '6.3'), aPackage('linux-image', '6.2')];
  expect(compareLists(one, other).changed).toMatchObject([{ from: ['6.1', '6.2'], to: ['6.2', '6.3'] }]);
  expect(compareLists(one, one.toReversed()).changed).toEqual([]);
});

test('a package whose name is that of an object property, and more changes than are told', () => {
  expect(compareLists([], [aPackage('__proto__', '1')]).came).toHaveLength(1);
  const many = Array.from({ length: 2500 }, (_, index) => aPackage(`p${index}`, '1'));
  expect(compareLists([], many)).toMatchObject({ untold: 500 });
});
