import { AppError, messageOf } from '@parapet/core';
import { exitCodes } from '../exit-codes.ts';
import { createProgress, type Progress } from '../output/progress.ts';

export type Answering = { readonly signal: AbortSignal; readonly progress: Progress };

/**
 * Runs a command of a pipeline: what it throws is no answer (exit code 3), wrong arguments stay 2, Ctrl-C stops it in order, a
 * second one at once. Standard output stays untouched by all of that.
 */
export const answer = async (work: (answering: Answering) => Promise<void>): Promise<void> => {
  const abort = new AbortController();
  const progress = createProgress();
  const stop = (): void => abort.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    await work({ signal: abort.signal, progress });
  } catch (error) {
    progress.end();
    if (error instanceof AppError && error.code === 'usage') throw error;
    progress.warn(abort.signal.aborted ? 'Stopped.' : messageOf(error));
    process.exitCode = abort.signal.aborted ? exitCodes.interrupted : exitCodes.noAnswer;
  } finally {
    progress.end();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
};
