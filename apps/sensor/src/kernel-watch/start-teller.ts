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
  readonly open: () => Result<OpenStartTeller, Problem>;
};

export type OpenStartTeller = {
  /**
   * What was told of this process becoming another program until `atNs` (nanoseconds since boot): the latest, once. `undefined` where nothing
   * was: then /proc is read.
   */
  readonly take: (pid: number, atNs: bigint) => ToldStart | undefined;
  /** It forgets what nobody took in bounded time and space by itself. */
  readonly close: () => void;
};

export type ToldStart = {
  /** What the kernel said of the process then; what is left out is as it was before. */
  readonly process: Partial<Pick<ProbedProcess, 'comm' | 'uid' | 'gid' | 'effectiveUid' | 'loginUid' | 'sessionId'>>;
  /** The file by which it was started, or better that which runs; may be relative. */
  readonly executable: string;
  readonly folder?: string | undefined;
  /** `undefined` where they could not be read. */
  readonly arguments: ArgumentsRead | undefined;
};

export type ChosenTeller = {
  readonly teller: StartTeller | undefined;
  readonly opened: OpenStartTeller | undefined;
  /** Why each that would have been better does not run. */
  readonly refusals: readonly string[];
};

/** Opens the first that can run. */
export const openBestTeller = (tellers: readonly StartTeller[]): ChosenTeller => {
  const refusals: string[] = [];
  for (const teller of tellers) {
    const opened = teller.open();
    if (opened.ok) return { teller, opened: opened.value, refusals };
    refusals.push(opened.error.message);
  }
  return { teller: undefined, opened: undefined, refusals };
};
