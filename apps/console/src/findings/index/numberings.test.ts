import { expect, test } from 'vitest';
import { createNumberings } from './numberings.ts';

test('flaws are numbered without gaps, once each, and tell their parts, however many there are', () => {
  const numberings = createNumberings();
  const made = Array.from({ length: 6_000 }, (_, at) => [1 + (at % 100), 7 * Math.floor(at / 100), at % 3] as const);
  expect(made.map((flaw) => numberings.flaws.numberOf(...flaw))).toEqual(made.map((_, at) => at));
  expect(made.map((flaw) => numberings.flaws.numberOf(...flaw))).toEqual(made.map((_, at) => at));
  expect(numberings.flaws.size()).toBe(made.length);
  const { vulnerabilities, products, fixes } = numberings.flaws.parts();
  expect(
    made.map((_, at) => [
      numberings.vulnerabilities.idOf(vulnerabilities[at] ?? -1),
      numberings.products.idOf(products[at] ?? -1),
      numberings.fixes.idOf(fixes[at] ?? -1),
    ]),
  ).toEqual(made.map((flaw) => [...flaw]));
});

test('a flaw differs by each of its parts', () => {
  const { flaws } = createNumberings();
  expect([flaws.numberOf(1, 2, 3), flaws.numberOf(1, 2, 4), flaws.numberOf(1, 3, 3), flaws.numberOf(2, 2, 3)]).toEqual([
    0, 1, 2, 3,
  ]);
  expect(flaws.numberOf(1, 2, 3)).toBe(0);
});
