import type { RecordKind } from '@parapet/contract/wire';

/** One record on its way to the console. */
export type RecordLine = {
  readonly kind: RecordKind;
  readonly key: string;
  readonly json: string;
  /** Whether the record counts as live once this line is stored. */
  readonly live: boolean;
  /** Nothing later repeats it: it must be delivered, in every epoch, until it is acknowledged. */
  readonly last: boolean;
  /** A stopped container's: its next start replaces it in the store, so an unacknowledged frame must remember it. */
  readonly stopped?: true;
};

export type QueuedLine = { readonly line: RecordLine; readonly since: number };

/** A first-in, first-out queue whose `shift` is cheap however long it is. */
export type LineQueue = {
  readonly push: (line: QueuedLine) => void;
  /** Puts lines before all others, in their order. */
  readonly unshift: (lines: readonly QueuedLine[]) => void;
  readonly shift: () => void;
  readonly peek: () => QueuedLine | undefined;
  readonly size: () => number;
};

export const createLineQueue = (): LineQueue => {
  let lines: QueuedLine[] = [];
  let head = 0;
  return {
    push: (line) => {
      lines.push(line);
    },
    unshift: (added) => {
      if (added.length === 0) return;
      lines = [...added, ...lines.slice(head)];
      head = 0;
    },
    shift: () => {
      head += 1;
      if (head === lines.length || head > 1024) {
        lines = lines.slice(head);
        head = 0;
      }
    },
    peek: () => lines[head],
    size: () => lines.length - head,
  };
};
