/** What `/proc/<pid>/stat` says, as far as it is used here. */
export type ProcessStat = {
  readonly pid: number;
  /** The kernel's name of the process, at most 15 bytes; the process chooses it. */
  readonly name: string;
  readonly state: string;
  readonly parentPid: number;
  /** Clock ticks after boot at which it started: with the pid, its identity within a boot. */
  readonly startTicks: number;
  readonly isKernelThread: boolean;
};

const kernelThreadFlag = 0x0020_0000;

/** Parses the file's text. The name stands in parentheses and may itself hold parentheses, so the last one counts. */
export const parseStat = (text: string): ProcessStat | undefined => {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 1 || close < open) return undefined;
  const rest = text.slice(close + 2).split(' ');
  const pid = Number(text.slice(0, open));
  const parentPid = Number(rest[1]);
  const startTicks = Number(rest[19]);
  if (!Number.isSafeInteger(pid) || !Number.isSafeInteger(parentPid) || !Number.isSafeInteger(startTicks))
    return undefined;
  return {
    pid,
    name: text.slice(open + 1, close),
    state: rest[0] ?? '?',
    parentPid,
    startTicks,
    isKernelThread: (Number(rest[6]) & kernelThreadFlag) !== 0,
  };
};
