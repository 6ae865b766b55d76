import { closeSync, mkdtempSync, openSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/**
 * A folder that has no name any more and that nobody but this process has open: it is gone for good as soon as this process is, whatever
 * ends it. A rule of the kernel's audit about a file in it goes with it.
 */
export type PassingFolder = {
  /** A file in it that was there until `forget`, by a path that leads there for this process alone and that no other run has. */
  readonly file: string;
  /** Takes its name and its file away: before that, rules about the file can be made. */
  readonly forget: () => void;
  readonly close: () => void;
};

/** `undefined` where no folder can be made. */
export const makePassingFolder = (within: string = tmpdir()): PassingFolder | undefined => {
  let path: string;
  try {
    path = mkdtempSync(join(within, 'parapet-audit-'));
  } catch {
    return undefined;
  }
  const name = basename(path);
  const fd = openSync(path, 'r');
  writeFileSync(join(path, name), '');
  let isNamed = true;
  let isOpen = true;
  const forget = (): void => {
    if (!isNamed) return;
    isNamed = false;
    unlinkSync(join(path, name));
    rmdirSync(path);
  };
  return {
    file: `/proc/self/fd/${fd}/${name}`,
    forget,
    close: () => {
      forget();
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
};
