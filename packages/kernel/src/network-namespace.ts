import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { checked } from './kernel-error.ts';
import { libc } from './libc.ts';

/** An open network namespace; while open it exists, also when its last process is gone. */
export type NetworkNamespace = {
  /** Inode of the namespace: its identity until the host restarts (namespaces(7)). */
  readonly inode: number;
  /**
   * Runs something inside and comes back, on the JavaScript thread: other threads stay where they are, so only synchronous
   * calls of this function run inside. Throws `KernelError` when it cannot be entered. When the way back fails the process
   * aborts: going on in a workload's network would be worse.
   */
  readonly run: <T>(action: () => T) => T;
  readonly close: () => void;
  readonly [Symbol.dispose]: () => void;
};

/** Opens the namespace a path stands for, e.g. `/proc/1/ns/net`. Throws the file system's error. */
export const openNetworkNamespace = (path: string): NetworkNamespace => {
  const fd = openSync(path, constants.O_RDONLY);
  let open = true;
  const close = (): void => {
    if (open) closeSync(fd);
    open = false;
  };
  return {
    inode: fstatSync(fd).ino,
    run: (action) => runInside(fd, action),
    close,
    [Symbol.dispose]: close,
  };
};

const CLONE_NEWNET = 0x4000_0000;

const runInside = <T>(fd: number, action: () => T): T => {
  const home = openSync('/proc/thread-self/ns/net', constants.O_RDONLY);
  try {
    checked('setns', libc().setns(fd, CLONE_NEWNET), 'entering a network namespace needs CAP_SYS_ADMIN');
    try {
      const result = action();
      if (result instanceof Promise) throw new Error('Only synchronous work can run inside a network namespace.');
      return result;
    } finally {
      if (libc().setns(home, CLONE_NEWNET) !== 0) process.abort();
    }
  } finally {
    closeSync(home);
  }
};
