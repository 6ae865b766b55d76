import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** What the console acknowledged, as it was sent, in the order of the acknowledgements. */
export type Ledger = {
  readonly note: (hostId: string, frame: Buffer) => void;
  readonly close: () => void;
};

/** Where what was sent is noted, acknowledged or not. */
export const sentLedgerOf = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : `${path}.sent`;

const idBytes = 36;
const headBytes = idBytes + 4;

/** Appends each frame with one write, so that a kill of this process loses none that was noted. */
export const openLedger = (path: string | undefined): Ledger => {
  if (path === undefined) return { note: () => undefined, close: () => undefined };
  const file = openSync(path, 'a', 0o600);
  return {
    note: (hostId, frame) => {
      const entry = Buffer.allocUnsafe(headBytes + frame.length);
      entry.write(hostId, 0, idBytes, 'latin1');
      entry.writeUInt32BE(frame.length, idBytes);
      frame.copy(entry, headBytes);
      writeSync(file, entry);
    },
    close: () => closeSync(file),
  };
};

export type LedgerEntry = { readonly hostId: string; readonly frame: Buffer };

/** Reads a ledger back; an entry that was being written when its process was killed is left out. */
export const readLedger = function* (path: string): Generator<LedgerEntry> {
  const content = readFileSync(path);
  for (let at = 0; at + headBytes <= content.length; ) {
    const end = at + headBytes + content.readUInt32BE(at + idBytes);
    if (end > content.length) return;
    yield { hostId: content.toString('latin1', at, at + idBytes), frame: content.subarray(at + headBytes, end) };
    at = end;
  }
};
