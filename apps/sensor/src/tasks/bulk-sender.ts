import { closeSync, openSync, readSync } from 'node:fs';
import { type BulkBegin, type BulkChunk, type BulkState, bulkLimits } from '@parapet/contract/wire';

export type Transfer = Omit<BulkBegin, 'kind'> & { readonly path: string };

/** Sends documents in chunks and goes on where the console stands, however often the connection breaks. */
export type BulkSender = {
  /** Resolves when the console has the whole document; rejects when it rejected it too often. */
  readonly send: (transfer: Transfer) => Promise<void>;
  readonly cancel: (transferId: string) => void;
  readonly next: () => BulkBegin | BulkChunk | undefined;
  readonly onState: (state: BulkState) => void;
  /** A new connection: every transfer is announced again. */
  readonly connected: () => void;
};

const maxRejections = 5;
const pauseMs = 20_000;

export const createBulkSender = (deps: { readonly wake: () => void }): BulkSender => {
  const open = new Map<string, OpenTransfer>();

  const finish = (transfer: OpenTransfer, error?: Error): void => {
    open.delete(transfer.transferId);
    if (error === undefined) transfer.resolve();
    else transfer.reject(error);
    deps.wake();
  };

  return {
    send: (transfer) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      open.set(transfer.transferId, { ...transfer, step: 'announce', offset: 0, rejections: 0, resolve, reject });
      deps.wake();
      return promise;
    },
    cancel: (transferId) => {
      const transfer = open.get(transferId);
      if (transfer !== undefined)
        finish(transfer, new Error('The document could not be handed over before the deadline.'));
    },
    next: () => {
      for (const transfer of [...open.values()].slice(0, bulkLimits.openTransfers)) {
        if (transfer.step === 'announce') {
          transfer.step = 'await-offset';
          const { transferId, taskId, content, sizeBytes, sha256 } = transfer;
          return { kind: 'bulk-begin', transferId, taskId, content, sizeBytes, sha256 };
        }
        if (transfer.step !== 'send') continue;
        const chunk = readChunk(transfer);
        if (chunk === undefined) {
          finish(transfer, new Error('The document could not be read back from the state folder.'));
          continue;
        }
        const { offset, transferId } = transfer;
        transfer.offset += chunk.length;
        if (transfer.offset >= transfer.sizeBytes) transfer.step = 'await-verdict';
        return { kind: 'bulk-chunk', transferId, offset, data: chunk.toString('base64') };
      }
      return undefined;
    },
    onState: (state) => {
      const transfer = open.get(state.transferId);
      if (transfer === undefined) return;
      if (state.state === 'complete') return finish(transfer);
      if (state.state === 'rejected') {
        transfer.rejections += 1;
        if (transfer.rejections >= maxRejections) {
          return finish(
            transfer,
            new Error('The console rejected the document: it arrived broken, or there was no room for it.'),
          );
        }
        // The console may just have no room for it now.
        transfer.step = 'paused';
        setTimeout(() => {
          if (transfer.step === 'paused') transfer.step = 'announce';
          deps.wake();
        }, pauseMs * transfer.rejections).unref();
      } else if (transfer.step === 'await-offset') {
        // Later ones only confirm what is on its way.
        transfer.offset = Math.min(state.offset, transfer.sizeBytes);
        transfer.step = transfer.offset >= transfer.sizeBytes ? 'await-verdict' : 'send';
      }
      deps.wake();
    },
    connected: () => {
      for (const transfer of open.values()) transfer.step = 'announce';
    },
  };
};

type OpenTransfer = Transfer & {
  step: 'announce' | 'paused' | 'await-offset' | 'send' | 'await-verdict';
  offset: number;
  rejections: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
};

const readChunk = (transfer: OpenTransfer): Buffer | undefined => {
  let fd: number | undefined;
  try {
    fd = openSync(transfer.path, 'r');
    const chunk = Buffer.allocUnsafe(Math.min(bulkLimits.chunkBytes, transfer.sizeBytes - transfer.offset));
    return readSync(fd, chunk, 0, chunk.length, transfer.offset) === chunk.length ? chunk : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};
