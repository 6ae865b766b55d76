import { readFileBounded } from '@parapet/core';

export type ArgumentsRead = { readonly argv: readonly string[]; readonly cut: boolean };

/**
 * Reads argument vectors. They lie in the process's own memory, which it can map from a file system that never answers: such
 * a read hangs in the kernel. So it goes through the thread pool, and never more than two of its threads may hang there.
 */
export type ArgumentsReader = {
  /** `undefined` when it cannot be read or did not answer in time. */
  readonly read: (pid: number) => Promise<ArgumentsRead | undefined>;
  /** Reads that hang now. */
  readonly hanging: () => number;
};

const maxHanging = 2;
const argumentBytes = 4096;
const maxArguments = 256;
const patienceMs = 1000;

export const createArgumentsReader = (procPath: string): ArgumentsReader => {
  let hanging = 0;
  let turn: Promise<unknown> = Promise.resolve();

  const readNow = async (pid: number): Promise<ArgumentsRead | undefined> => {
    if (hanging >= maxHanging) return undefined;
    const reading = readFileBounded(`${procPath}/${pid}/cmdline`, 1024 * 1024);
    const timeout = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => timeout.resolve('late'), patienceMs);
    const first = await Promise.race([reading, timeout.promise]);
    clearTimeout(timer);
    if (first === 'late') {
      hanging += 1;
      void reading.finally(() => {
        hanging -= 1;
      });
      return undefined;
    }
    return first.ok ? splitArguments(first.value) : undefined;
  };

  return {
    read: (pid) => {
      const mine = turn.then(() => readNow(pid));
      turn = mine.catch(() => undefined);
      return mine;
    },
    hanging: () => hanging,
  };
};

/** Splits at NUL, without empty arguments at the end; cuts at 4 KiB and 256 arguments in all. */
export const splitArguments = (content: Buffer): ArgumentsRead => {
  const cutAt = content.length > argumentBytes;
  const text = content.subarray(0, argumentBytes).toString('utf8');
  // A program that writes its state over its arguments (`postgres: checkpointer`) leaves the rest of the space empty.
  const argv = text.replace(/\0+$/, '').split('\0');
  if (argv.length === 1 && argv[0] === '') return { argv: [], cut: false };
  return { argv: argv.slice(0, maxArguments), cut: cutAt || argv.length > maxArguments };
};
