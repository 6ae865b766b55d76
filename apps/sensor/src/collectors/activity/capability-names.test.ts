import { expect, it } from 'vitest';
import { capabilityNames } from './capability-names.ts';

it('names capabilities by their bits, and unknown ones by number', () => {
  expect(capabilityNames(0n)).toEqual([]);
  expect(capabilityNames((1n << 13n) | 1n)).toEqual(['CAP_CHOWN', 'CAP_NET_RAW']);
  expect(capabilityNames(1n << 63n)).toEqual(['CAP_63']);
  expect(capabilityNames((1n << 41n) - 1n)).toHaveLength(41);
  expect(capabilityNames(1n << 40n)).toEqual(['CAP_CHECKPOINT_RESTORE']);
});
