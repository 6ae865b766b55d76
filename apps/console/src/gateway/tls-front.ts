import { createServer, type Server, type Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { sensorServerName } from '@parapet/contract/wire';
import type { Log } from '../logging/log.ts';
import { maxClientHelloBytes, peekClientHello } from './client-hello.ts';

export type TlsFrontLimits = {
  /** Open connections in all. */
  readonly connections: number;
  /** Open connections of one address; sensors behind one translating router share it. */
  readonly perAddress: number;
  /** Connections of one address whose ClientHello has not come. */
  readonly pendingPerAddress: number;
  readonly helloTimeoutMs: number;
};

export const tlsFrontLimits: TlsFrontLimits = {
  connections: 16_384,
  perAddress: 4096,
  pendingPerAddress: 128,
  helloTimeoutMs: 10_000,
};

export type TlsFront = {
  /** The TCP server; the caller listens and closes. */
  readonly server: Server;
  readonly figures: () => { readonly open: number; readonly refused: number };
  /** Ends all open connections. */
  readonly destroyConnections: () => void;
};

/**
 * The one TCP port. It looks at the ClientHello of each connection and hands the socket to the server of sensors or to that
 * of people; neither can tell that the first bytes were read before.
 */
export const createTlsFront = (deps: {
  readonly web: TlsServer;
  readonly sensors: TlsServer;
  readonly log: Log;
  readonly limits?: TlsFrontLimits;
}): TlsFront => {
  const limits = deps.limits ?? tlsFrontLimits;
  const open = new Set<Socket>();
  const perAddress = createCounter();
  const pending = createCounter();
  let refused = 0;

  const accept = (socket: Socket): void => {
    const address = socket.remoteAddress ?? '';
    if (
      open.size >= limits.connections ||
      perAddress.of(address) >= limits.perAddress ||
      pending.of(address) >= limits.pendingPerAddress
    ) {
      refused += 1;
      socket.destroy();
      return;
    }
    open.add(socket);
    perAddress.add(address, 1);
    pending.add(address, 1);
    socket.once('close', () => {
      open.delete(socket);
      perAddress.add(address, -1);
    });
    peek(socket, limits.helloTimeoutMs, (outcome) => {
      pending.add(address, -1);
      if (outcome.kind === 'refused') {
        refused += 1;
        socket.destroy();
        return;
      }
      const target = outcome.serverName === sensorServerName ? deps.sensors : deps.web;
      target.emit('connection', socket);
    });
  };

  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, accept);
  server.on('error', (error) => deps.log.error({ error: error.message }, 'The TCP server failed.'));
  return {
    server,
    figures: () => ({ open: open.size, refused }),
    destroyConnections: () => {
      for (const socket of open) socket.destroy();
    },
  };
};

type PeekOutcome = { readonly kind: 'refused' } | { readonly kind: 'hello'; readonly serverName: string | undefined };

/** Calls back exactly once; on success what was read is back in the socket. */
const peek = (socket: Socket, timeoutMs: number, done: (outcome: PeekOutcome) => void): void => {
  let seen = Buffer.alloc(0);
  const finish = (outcome: PeekOutcome): void => {
    clearTimeout(timer);
    socket.off('data', onData).off('close', onClose).off('end', onClose);
    socket.pause();
    // The listener for errors stays: whoever gets the socket may not have one yet when the peer resets it.
    if (outcome.kind === 'hello') socket.unshift(seen);
    done(outcome);
  };
  const onData = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk]);
    const hello = peekClientHello(seen);
    if (hello.kind === 'hello') finish(hello);
    else if (hello.kind === 'invalid' || seen.length > maxClientHelloBytes) finish({ kind: 'refused' });
  };
  const onClose = (): void => finish({ kind: 'refused' });
  const timer = setTimeout(onClose, timeoutMs);
  socket.on('error', ignore).on('close', onClose).on('end', onClose).on('data', onData);
};

/** A connection that breaks before it said anything is of no interest; `close` follows. */
const ignore = (): void => undefined;

const createCounter = (): { of: (key: string) => number; add: (key: string, by: 1 | -1) => void } => {
  const counts = new Map<string, number>();
  return {
    of: (key) => counts.get(key) ?? 0,
    add: (key, by) => {
      const next = (counts.get(key) ?? 0) + by;
      if (next <= 0) counts.delete(key);
      else counts.set(key, next);
    },
  };
};
