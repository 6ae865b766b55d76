import type { Channel, FrameHeader } from '@parapet/contract/wire';

/** What to do with a frame on a channel whose numbering begins anew with each connection. */
export type FrameOrder = 'next' | 'replay' | 'gap' | 'epoch' | 'credit';

export type InboundOrder = {
  readonly check: (header: FrameHeader) => FrameOrder;
  /** The last frame received. */
  readonly received: () => number;
  readonly grant: (limit: number) => void;
};

/** The epoch of every channel but the inventory. */
export const connectionEpoch = 1;

export const createInboundOrder = (channel: Exclude<Channel, 'inventory'>): InboundOrder => {
  let received = 0;
  let limit = channel === 'control' ? Number.MAX_SAFE_INTEGER : 0;
  return {
    check: ({ epoch, seq }) => {
      if (epoch !== connectionEpoch) return 'epoch';
      if (seq <= received) return 'replay';
      if (seq !== received + 1) return 'gap';
      if (seq > limit) return 'credit';
      received = seq;
      return 'next';
    },
    received: () => received,
    grant: (next) => {
      limit = Math.max(limit, next);
    },
  };
};
