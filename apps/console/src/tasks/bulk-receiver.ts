import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { type BulkBegin, type BulkChunk, type BulkState, bulkLimits } from '@parapet/contract/wire';
import type { OneAtATime } from '@parapet/core';
import type { BulkSpool, SpooledTransfer } from './bulk-spool.ts';

/** The largest document after decompression. */
const maxDocumentBytes = 128 * 1024 * 1024;

/** Takes in the bulk transfers of one connection. */
export type BulkReceiver = {
  /** Rejects when the document could not be handed on; the sensor then announces it again on its next connection. */
  readonly onMessage: (message: BulkBegin | BulkChunk) => Promise<void>;
  readonly close: () => void;
};

const decompress = promisify(zstdDecompress);
/** Bytes between two confirmations: each costs a write to the disk. */
const confirmEveryBytes = 512 * 1024;

export const createBulkReceiver = (deps: {
  readonly hostId: string;
  readonly spool: BulkSpool;
  /** Hands documents on one at a time, so that only one is in memory decompressed. */
  readonly gate: OneAtATime;
  readonly answer: (state: BulkState) => void;
  readonly refuse: (code: string, message: string) => void;
  readonly deliver: (taskId: string, document: Buffer) => Promise<void>;
}): BulkReceiver => {
  const transfers = new Map<string, { readonly spooled: SpooledTransfer; confirmed: number }>();

  let closed = false;

  const say = (transferId: string, offset: number, state: BulkState['state']): void =>
    deps.answer({ kind: 'bulk-state', transferId, offset, state });

  const begin = async (message: BulkBegin): Promise<void> => {
    const { transferId } = message;
    await transfers.get(transferId)?.spooled.close();
    transfers.delete(transferId);
    if (transfers.size >= bulkLimits.openTransfers) {
      deps.refuse('bulk-limit', `At most ${bulkLimits.openTransfers} transfers may be open.`);
      return;
    }
    const spooled = await deps.spool.open(deps.hostId, message);
    if (spooled === 'full') {
      say(transferId, 0, 'rejected');
      return;
    }
    // The connection may have ended meanwhile; nobody would close the file then.
    if (closed) return spooled.close();
    transfers.set(transferId, { spooled, confirmed: spooled.offset() });
    if (spooled.offset() === message.sizeBytes) await complete(transferId, spooled);
    else say(transferId, spooled.offset(), 'open');
  };

  const chunk = async (message: BulkChunk): Promise<void> => {
    const { transferId } = message;
    const transfer = transfers.get(transferId);
    if (transfer === undefined) {
      say(transferId, 0, 'rejected');
      return;
    }
    const { spooled } = transfer;
    const data = Buffer.from(message.data, 'base64');
    const offset = spooled.offset();
    // A chunk that is here already, or that leaves a gap, is answered with where the transfer stands.
    if (message.offset !== offset || data.length === 0) {
      say(transferId, offset, 'open');
      return;
    }
    if (data.length > bulkLimits.chunkBytes || offset + data.length > spooled.begin.sizeBytes) {
      deps.refuse('bulk-size', 'A chunk exceeds the transfer’s announced size.');
      return;
    }
    await spooled.append(data);
    if (spooled.offset() === spooled.begin.sizeBytes) {
      await spooled.sync();
      await complete(transferId, spooled);
    } else if (spooled.offset() - transfer.confirmed >= confirmEveryBytes) {
      await spooled.sync();
      transfer.confirmed = spooled.offset();
      say(transferId, spooled.offset(), 'open');
    }
  };

  const complete = (transferId: string, spooled: SpooledTransfer): Promise<void> =>
    deps.gate(async () => {
      const document = await readDocument(spooled);
      if (document !== undefined) await deps.deliver(spooled.begin.taskId, document);
      transfers.delete(transferId);
      await spooled.discard();
      say(transferId, spooled.begin.sizeBytes, document === undefined ? 'rejected' : 'complete');
    });

  return {
    onMessage: (message) => (message.kind === 'bulk-begin' ? begin(message) : chunk(message)),
    close: () => {
      closed = true;
      for (const { spooled } of transfers.values()) spooled.close().catch(() => undefined);
      transfers.clear();
    },
  };
};

/** The decompressed document; `undefined` when the hash does not fit or it does not decompress within the limit. */
const readDocument = async (spooled: SpooledTransfer): Promise<Buffer | undefined> => {
  const compressed = await spooled.finish();
  if (compressed === undefined) return undefined;
  try {
    return await decompress(compressed, { maxOutputLength: maxDocumentBytes });
  } catch {
    return undefined;
  }
};
