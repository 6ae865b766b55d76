import { constants } from 'node:fs';
import { expect, it } from 'vitest';
import { architectureConstants } from './architecture.ts';
import { openFlags } from './constants.ts';
import { noticeFileFlags } from './fanotify/file-watch.ts';

it('agrees with what Node knows of this processor', () => {
  const { O_DIRECTORY, O_NOFOLLOW } = architectureConstants();
  expect({ O_DIRECTORY, O_NOFOLLOW }).toEqual({
    O_DIRECTORY: constants.O_DIRECTORY,
    O_NOFOLLOW: constants.O_NOFOLLOW,
  });
  expect(openFlags.O_NONBLOCK).toBe(constants.O_NONBLOCK);
  expect(openFlags.O_NOCTTY).toBe(constants.O_NOCTTY);
});

/** `asm/fcntl.h` of both: the same bits mean something else. */
it('differs where the processors differ', () => {
  const bitsOf = (architecture: string): readonly number[] => {
    const { O_DIRECTORY, O_NOFOLLOW, O_LARGEFILE } = architectureConstants(architecture);
    return [O_LARGEFILE, O_DIRECTORY, O_NOFOLLOW].map(Math.log2);
  };
  expect(bitsOf('x64')).toEqual([15, 16, 17]);
  expect(bitsOf('arm64')).toEqual([17, 14, 15]);
});

/** `fcntl.h` of the kernel: what fanotify_init(2) takes, with which it is refused otherwise. */
it('opens the files of notices by flags that the kernel of each processor takes', () => {
  const [closeOnExec, nonBlocking] = [0o2000000, 0o4000];
  expect(noticeFileFlags('x64')).toBe(closeOnExec | nonBlocking | 0o100000);
  expect(noticeFileFlags('arm64')).toBe(closeOnExec | nonBlocking | 0o400000);
});

it('refuses a processor it does not know', () => {
  expect(() => architectureConstants('riscv64')).toThrow('not supported');
});
