import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP relay in front of a port, which breaks as networks do. */
export type FaultyNetwork = {
  readonly port: number;
  /** Resets all connections. */
  readonly cut: () => void;
  /** Nothing passes any more in either direction and nobody is told, until `restore`; new connections hang. */
  readonly stall: () => void;
  /** Every piece of data is held back that long, and at most so many bytes pass in a second on each connection. */
  readonly slow: (delayMs: number, bytesPerSecond: number) => void;
  /** New connections are refused. */
  readonly refuse: () => void;
  /** All is well again. What was stalled is reset, as a peer does that forgot the connection. */
  readonly restore: () => void;
  readonly connections: () => number;
  readonly close: () => Promise<void>;
};

type State =
  | { readonly kind: 'well' | 'stalled' | 'refusing' }
  | { readonly kind: 'slow'; readonly delayMs: number; readonly bytesPerSecond: number };

export const startFaultyNetwork = async (toPort: number): Promise<FaultyNetwork> => {
  const pairs = new Set<readonly [Socket, Socket]>();
  let state: State = { kind: 'well' };
  const cut = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
    pairs.clear();
  };
  const server = createServer({ noDelay: true }, (near) => {
    if (state.kind === 'refusing') {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: '127.0.0.1', port: toPort, noDelay: true });
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('data', (data: Buffer) => pass(from, to, data, () => state));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        // While nothing passes, neither does the news of an end.
        if (state.kind !== 'stalled') to.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 1024, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    stall: () => {
      state = { kind: 'stalled' };
    },
    slow: (delayMs, bytesPerSecond) => {
      state = { kind: 'slow', delayMs, bytesPerSecond };
    },
    refuse: () => {
      state = { kind: 'refusing' };
      cut();
    },
    restore: () => {
      const was = state.kind;
      state = { kind: 'well' };
      if (was === 'stalled') cut();
    },
    connections: () => pairs.size,
    close: async () => {
      cut();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
};

const pass = (from: Socket, to: Socket, data: Buffer, stateNow: () => State): void => {
  const state = stateNow();
  if (state.kind === 'stalled') return;
  if (state.kind !== 'slow') {
    if (!to.write(data)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
    return;
  }
  // The reader waits as long as the piece takes, so that no buffer of ours hides the slowness.
  from.pause();
  setTimeout(
    () => {
      if (stateNow().kind !== 'stalled') to.write(data);
      from.resume();
    },
    state.delayMs + (data.length / state.bytesPerSecond) * 1000,
  );
};
