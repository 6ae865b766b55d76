import {
  type BulkBegin,
  type BulkChunk,
  encodeFrame,
  type SensorMessage,
  type TaskState,
} from '@parapet/contract/wire';
import type { InventoryStream } from '../inventory/inventory-stream.ts';
import type { TelemetryStream } from '../telemetry/telemetry-stream.ts';

/** Where the messages of a channel come from; asked only when they can be sent. */
export type MessageSource<M> = { readonly next: () => M | undefined };

/**
 * The sending side of one connection: always the most urgent channel first, each within the credit it was granted, and never
 * more in the socket than a small window, so that an order's answer does not wait behind a bulk transfer.
 */
export type Outbound = {
  readonly sendControl: (message: SensorMessage['control']) => void;
  readonly grant: (channel: 'orders' | 'bulk', limit: number) => void;
  /** Sends what can be sent now. */
  readonly pump: () => void;
  /** Resolves when everything on the control channel has left. */
  readonly flushed: () => Promise<void>;
};

const windowBytes = 128 * 1024;
/** The control channel says little; a queue beyond this means that nothing leaves any more. */
const controlMessages = 256;

export const createOutbound = (deps: {
  readonly send: (data: Buffer, sent: () => void) => void;
  readonly inventory: Pick<InventoryStream, 'next'>;
  readonly telemetry?: Pick<TelemetryStream, 'next'>;
  readonly orders: MessageSource<TaskState>;
  readonly bulk: MessageSource<BulkBegin | BulkChunk>;
  readonly onStuck: () => void;
}): Outbound => {
  const control: SensorMessage['control'][] = [];
  const sequence = { control: 0, orders: 0, bulk: 0 };
  const limit = { orders: 0, bulk: 0 };
  let inFlightBytes = 0;
  let onFlushed: (() => void)[] = [];

  const encode = (channel: 'control' | 'orders' | 'bulk', message: unknown): Buffer => {
    sequence[channel] += 1;
    return encodeFrame({ channel, epoch: 1, seq: sequence[channel], body: Buffer.from(JSON.stringify(message)) });
  };

  const fromSource = <M>(channel: 'orders' | 'bulk', source: MessageSource<M>): Buffer | undefined => {
    if (sequence[channel] >= limit[channel]) return undefined;
    const message = source.next();
    return message === undefined ? undefined : encode(channel, message);
  };

  const next = (): Buffer | undefined => {
    const urgent = control.shift();
    if (urgent !== undefined) return encode('control', urgent);
    return (
      fromSource('orders', deps.orders) ??
      deps.inventory.next() ??
      deps.telemetry?.next() ??
      fromSource('bulk', deps.bulk)
    );
  };

  const pump = (): void => {
    while (inFlightBytes < windowBytes || control.length > 0) {
      const data = next();
      if (data === undefined) break;
      inFlightBytes += data.length;
      deps.send(data, () => {
        inFlightBytes -= data.length;
        if (inFlightBytes === 0) for (const resolve of onFlushed.splice(0)) resolve();
        pump();
      });
    }
  };

  return {
    sendControl: (message) => {
      if (control.length >= controlMessages) {
        deps.onStuck();
        return;
      }
      control.push(message);
      pump();
    },
    grant: (channel, upTo) => {
      limit[channel] = Math.max(limit[channel], upTo);
      pump();
    },
    pump,
    flushed: () =>
      inFlightBytes === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            onFlushed = [...onFlushed, resolve];
          }),
  };
};
