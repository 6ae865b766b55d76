import { constants } from 'node:fs';
import { expect, it } from 'vitest';
import { architectureConstants } from './architecture.ts';
import { openFlags } from './constants.ts';

it('agrees with what Node knows of this processor', () => {
  const { O_DIRECTORY, O_NOFOLLOW } = architectureConstants();
  expect({ O_DIRECTORY, O_NOFOLLOW }).toEqual({
    O_DIRECTORY: constants.O_DIRECTORY,
    O_NOFOLLOW: constants.O_NOFOLLOW,
  });
  expect(openFlags.O_NONBLOCK).toBe(constants.O_NONBLOCK);
  expect(openFlags.O_NOCTTY).toBe(constants.O_NOCTTY);
});

it('differs where the processors differ', () => {
  expect(architectureConstants('arm64').O_NOFOLLOW).toBe(0o100000);
  expect(architectureConstants('x64').O_NOFOLLOW).toBe(0o400000);
});

it('refuses a processor it does not know', () => {
  expect(() => architectureConstants('riscv64')).toThrow('not supported');
});
