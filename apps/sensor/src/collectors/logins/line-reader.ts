/** Cuts bytes into lines; of one that is too long only the beginning counts. */
export type LineReader = {
  /** `isLast`: no more follows, so what is left is a line too. */
  readonly read: (bytes: Buffer, isLast: boolean) => { readonly lines: readonly string[]; readonly taken: number };
  /** What comes next is from another place. */
  readonly reset: () => void;
};

export const createLineReader = (maxLineBytes = 8192): LineReader => {
  let isInsideLong = false;
  return {
    read: (bytes, isLast) => {
      const lines: string[] = [];
      let from = 0;
      for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, from)) {
        if (!isInsideLong) lines.push(bytes.toString('utf8', from, Math.min(end, from + maxLineBytes)));
        isInsideLong = false;
        from = end + 1;
      }
      const left = bytes.length - from;
      if (left < maxLineBytes && !(isLast && left > 0)) return { lines, taken: from };
      if (!isInsideLong) lines.push(bytes.toString('utf8', from, from + maxLineBytes));
      isInsideLong = !isLast;
      return { lines, taken: bytes.length };
    },
    reset: () => {
      isInsideLong = false;
    },
  };
};

const newline = 0x0a;
