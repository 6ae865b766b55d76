import type { Log } from '../log.ts';
import type { StateFile } from './state-files.ts';

/**
 * Writes down how far a collector has told what it sees. What was told lies in the spool a quarter of a second later and on the disk within
 * another second: only then its place is written down. A sensor that is killed in between tells the last seconds again, and loses nothing.
 */
export type SettledState<S> = {
  /** The place as it is; often, since each call may write down an earlier one. */
  readonly offer: (state: S) => void;
  /** At the end: all was told. */
  readonly last: (state: S) => Promise<void>;
};

const settledMs = 2000;
/** Also when nothing happened, so that a span that is missed later begins no earlier than it must. */
const anewEveryMs = 300_000;

export const createSettledState = <S>(deps: {
  readonly file: Pick<StateFile<S>, 'write'>;
  /** Of the file, for the log. */
  readonly name: string;
  /** What of it is worth a write. */
  readonly placeOf: (state: S) => string;
  readonly log: Log;
}): SettledState<S> => {
  let written: string | undefined;
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  let waiting: { readonly state: S; readonly atMs: number } | undefined;
  let isWriting = false;
  const write = async (state: S): Promise<void> => {
    isWriting = true;
    try {
      await deps.file.write(state);
      written = deps.placeOf(state);
      writtenAtMs = performance.now();
    } catch (error) {
      deps.log.warn('state could not be saved', { file: deps.name, error });
    } finally {
      isWriting = false;
    }
  };
  return {
    offer: (state) => {
      const nowMs = performance.now();
      const due = waiting;
      if (isWriting || (due !== undefined && nowMs - due.atMs < settledMs)) return;
      waiting = { state, atMs: nowMs };
      if (due !== undefined && (deps.placeOf(due.state) !== written || nowMs - writtenAtMs >= anewEveryMs))
        void write(due.state);
    },
    last: write,
  };
};
