import { basename } from 'node:path';

/**
 * The name of a process when it became a program: the kernel's (the last part of the path that was executed, at most 15 bytes), but for a
 * program that executed itself anew by `/proc/self/exe`, as BusyBox does for its applets: of each of those the kernel says `exe`. What it
 * is to be is then in its first argument; where that is no name of a program it is the file that runs.
 */
export const nameAtStart = (start: {
  readonly comm: string;
  readonly executable: string;
  /** The first one, the program's own name. */
  readonly argument: string | undefined;
}): string => {
  if (start.comm !== ofItself) return start.comm;
  // A login shell's begins with a dash.
  const called = basename((start.argument ?? '').slice(0, maxRead)).replace(/^-/, '');
  const isName = called !== ofItself && programName.test(called);
  return (isName ? called : basename(start.executable)).slice(0, maxName);
};

/** Its name later, when it may have given itself another one. */
export const nameLater = (comm: string, atStart: () => string): string =>
  comm === ofItself ? atStart() || comm : comm;

const ofItself = 'exe';
/** As the kernel cuts it (TASK_COMM_LEN). */
const maxName = 15;
const maxRead = 4096;
/** Arguments may hold anything, and a name is not masked. */
const programName = /^[\w.+[][\w.+[-]*$/;
