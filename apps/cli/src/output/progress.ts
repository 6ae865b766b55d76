import { dim, printable } from './print.ts';

/** Where a long command tells what it does: standard error, so that standard output is the document and nothing else. */
export type Progress = {
  readonly step: (text: string) => void;
  /** What a person must read; stays. */
  readonly warn: (text: string) => void;
  /** Takes the last step off a terminal. */
  readonly end: () => void;
};

type Stream = { readonly isTTY?: boolean; readonly columns?: number; readonly write: (text: string) => unknown };

/** On a terminal one line that changes; in a pipeline a plain line for each step. */
export const createProgress = (stream: Stream = process.stderr): Progress => {
  const isLive = stream.isTTY === true;
  let isShown = false;
  const clear = (): void => {
    if (isShown) stream.write('\r\u001b[2K');
    isShown = false;
  };
  return {
    step: (text) => {
      const line = printable(text.replace(/[\r\n\t]+/g, ' '));
      clear();
      if (!isLive) stream.write(`${line}\n`);
      // A line that wraps could not be taken off again.
      else stream.write(dim(`· ${line.slice(0, (stream.columns ?? 80) - 3)}`));
      isShown = isLive;
    },
    warn: (text) => {
      clear();
      stream.write(`parapet: ${printable(text)}\n`);
    },
    end: clear,
  };
};
