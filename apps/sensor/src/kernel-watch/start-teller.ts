import type { Problem, Result } from '@parapet/core';
import type { ProbedProcess } from '@parapet/kernel';
import type { ArgumentsRead } from '../proc/arguments-reader.ts';
import type { EventSource } from './event-source.ts';

/**
 * What knows the arguments of a start, also of a process that is over by now. That it happened, and ends, new processes and changes of user
 * or group are told by the process connector beside it.
 */
export type StartTeller = {
  readonly name: Exclude<EventSource, 'ebpf' | 'proc-connector'>;
  /** For the Sensors page, after the word "by". */
  readonly words: string;
  /** Fails with a sentence for people where it cannot run. */
  readonly open: () => Result<OpenStartTeller, Problem> | Promise<Result<OpenStartTeller, Problem>>;
};

export type OpenStartTeller = {
  /**
   * What was told of this process becoming another program until `atNs` (nanoseconds since boot): the latest, once. `undefined` where nothing
   * was: then /proc is read. `later` where it may still come: then it is asked again, until it gives another answer in bounded time.
   */
  readonly take: (pid: number, atNs: bigint) => ToldStart | 'later' | undefined;
  /** In a sentence, what its running costs the host that one must know. */
  readonly remark?: string | undefined;
  /** In a sentence, why it tells nothing any more; `undefined` as long as it does. */
  readonly trouble?: () => string | undefined;
  /** Parts of starts that the kernel dropped since it was opened, in its own unit. */
  readonly lost?: () => Promise<number>;
  /** It forgets what nobody took in bounded time and space by itself. */
  readonly close: () => void | Promise<void>;
};

export type ToldStart = {
  /** What the kernel said of the process then; what is left out is as it was before. */
  readonly process: Partial<Pick<ProbedProcess, 'comm' | 'uid' | 'gid' | 'effectiveUid' | 'loginUid' | 'sessionId'>>;
  /** The file by which it was started, or better that which runs; may be relative. */
  readonly executable: string;
  readonly folder?: string | undefined;
  /** `undefined` where they could not be read. */
  readonly arguments: ArgumentsRead | undefined;
  /** Some arguments were lost on the way. */
  readonly isIncomplete?: boolean;
  /** Name of the controlling terminal, e.g. `pts/0`; empty without one. */
  readonly tty?: string;
  /** Mode of the file that it was started by (inode(7)). */
  readonly mode?: number;
};

export type ChosenTeller = {
  readonly teller: StartTeller | undefined;
  readonly opened: OpenStartTeller | undefined;
  /** Why each that would have been better does not run. */
  readonly refusals: readonly string[];
};

/** Opens the first that can run. */
export const openBestTeller = async (tellers: readonly StartTeller[]): Promise<ChosenTeller> => {
  const refusals: string[] = [];
  for (const teller of tellers) {
    const opened = await teller.open();
    if (opened.ok) return { teller, opened: opened.value, refusals };
    refusals.push(opened.error.message);
  }
  return { teller: undefined, opened: undefined, refusals };
};
