import { bytesOf, eachField, type FieldValue } from './record-text.ts';

/**
 * The arguments of a program, which the kernel writes as `argc=3 a0="sh" a1=2D63`, over several records when they are long, and one
 * that does not fit into the rest of a record in pieces: `a2_len=9000 a2[0]=… a2[1]=…`, where the length counts characters as written.
 */
export type ArgumentPieces = {
  readonly add: (text: string, from: number) => void;
  readonly finish: () => {
    readonly arguments: readonly string[];
    /** There were more, or longer ones. */
    readonly isCut: boolean;
    /** Nothing is missing but what was cut. */
    readonly isWhole: boolean;
  };
};

export type ArgumentLimits = { readonly bytes: number; readonly count: number };

export const createArgumentPieces = (limits: ArgumentLimits = { bytes: 4096, count: 256 }): ArgumentPieces => {
  const done: Buffer[] = [];
  let expected: number | undefined;
  /** The argument that comes in pieces. */
  let open: { readonly pieces: Buffer[]; readonly length: number; seen: number } | undefined;
  let bytes = 0;
  let isCut = false;
  let isWhole = true;

  /** As much of it as there is room for; one NUL between two counts as the kernel keeps them. */
  const keep = (piece: Buffer): Buffer => {
    const room = Math.max(0, limits.bytes - bytes);
    if (piece.length > room) isCut = true;
    const kept = piece.length > room ? piece.subarray(0, room) : piece;
    bytes += kept.length;
    return kept;
  };
  const close = (): void => {
    if (open === undefined) return;
    done.push(Buffer.concat(open.pieces));
    if (open.seen !== open.length && !isCut) isWhole = false;
    open = undefined;
    bytes += 1;
  };
  const take = (index: number, part: 'all' | 'length' | number, value: FieldValue): void => {
    if (typeof part === 'number') {
      if (open === undefined || index !== done.length || part !== open.pieces.length) {
        isWhole = false;
        return;
      }
      open.pieces.push(keep(bytesOf(value)));
      open.seen += value.text.length;
      return;
    }
    close();
    // One in between was lost: what follows would stand in its place.
    if (index !== done.length) isWhole = false;
    else if (part === 'length') open = { pieces: [], length: Number(value.text), seen: 0 };
    else {
      done.push(keep(bytesOf(value)));
      bytes += 1;
    }
  };

  return {
    add: (text, from) => {
      // A list of a megabyte comes in hundreds of records, of which nothing is read any more.
      if (isCut || !isWhole) return;
      eachField(text, from, (name, value) => {
        if (name === 'argc') {
          expected ??= /^\d{1,9}$/.test(value.text) ? Number(value.text) : 0;
          return true;
        }
        const found = argument.exec(name);
        if (found === null) return true;
        if (done.length >= limits.count || bytes >= limits.bytes) isCut = true;
        else take(Number(found[1]), partOf(found), value);
        return !isCut && isWhole;
      });
    },
    finish: () => {
      close();
      const isShort = expected === undefined || done.length < expected;
      if (isShort && !isCut) isWhole = false;
      return { arguments: done.map((one) => one.toString('utf8')), isCut, isWhole };
    },
  };
};

/** `a12`, `a12_len` or `a12[3]`. */
const argument = /^a(\d{1,8})(_len|\[(\d{1,8})\])?$/;
const partOf = ([, , suffix, piece]: RegExpExecArray): 'all' | 'length' | number =>
  piece !== undefined ? Number(piece) : suffix === undefined ? 'all' : 'length';
