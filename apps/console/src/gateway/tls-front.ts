import { createServer, type Server, type Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { sensorServerName } from '@parapet/contract/wire';
import { isInAnyBlock } from '@parapet/core';
import type { Log } from '../logging/log.ts';
import { createClientAddresses } from './client-addresses.ts';
import { maxClientHelloBytes, peekClientHello } from './client-hello.ts';
import { readProxyHeader } from './proxy-header.ts';

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
  /** Load balancers, as addresses and blocks. Their connections must begin with a PROXY header, and no others may. */
  readonly proxyProtocolFrom?: readonly string[];
}): TlsFront => {
  const limits = deps.limits ?? tlsFrontLimits;
  const balancers = deps.proxyProtocolFrom ?? [];
  const clients = createClientAddresses();
  for (const server of [deps.web, deps.sensors]) clients.teach(server);
  const open = new Set<Socket>();
  const perAddress = createCounter();
  const pending = createCounter();
  let refused = 0;

  const refuse = (socket: Socket): void => {
    refused += 1;
    socket.destroy();
  };

  const accept = (socket: Socket): void => {
    if (open.size >= limits.connections) {
      refuse(socket);
      return;
    }
    open.add(socket);
    socket.on('error', ignore).once('close', () => open.delete(socket));
    const peer = socket.remoteAddress ?? '';
    if (!isInAnyBlock(peer, balancers)) {
      admit(socket, peer);
      return;
    }
    readStart(socket, limits.helloTimeoutMs, examineProxyHeader, (header) => {
      if (header?.address !== undefined) clients.note(socket, header.address);
      if (header === undefined) refuse(socket);
      else admit(socket, header.address ?? peer);
    });
  };

  /** Counts a connection for its client and hands it to whom its ClientHello asks for. */
  const admit = (socket: Socket, address: string): void => {
    if (perAddress.of(address) >= limits.perAddress || pending.of(address) >= limits.pendingPerAddress) {
      refuse(socket);
      return;
    }
    perAddress.add(address, 1);
    pending.add(address, 1);
    socket.once('close', () => perAddress.add(address, -1));
    readStart(socket, limits.helloTimeoutMs, examineHello, (hello) => {
      pending.add(address, -1);
      if (hello === undefined) refuse(socket);
      else (hello.serverName === sensorServerName ? deps.sensors : deps.web).emit('connection', socket);
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

/** What the first bytes are: `bytes` of them are taken out of the stream, the rest stays. */
type Examined<T> =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'found'; readonly bytes: number; readonly value: T };

const examineProxyHeader = (seen: Buffer): Examined<{ readonly address: string | undefined }> => {
  const header = readProxyHeader(seen);
  return header.kind === 'header' ? { kind: 'found', bytes: header.bytes, value: header } : header;
};

const examineHello = (seen: Buffer): Examined<{ readonly serverName: string | undefined }> => {
  const hello = peekClientHello(seen);
  if (hello.kind === 'hello') return { kind: 'found', bytes: 0, value: hello };
  return seen.length > maxClientHelloBytes ? { kind: 'invalid' } : hello;
};

/** Calls back exactly once, with nothing when the start is not what it must be or does not come in time. */
const readStart = <T>(
  socket: Socket,
  timeoutMs: number,
  examine: (seen: Buffer) => Examined<T>,
  done: (found: T | undefined) => void,
): void => {
  let seen = Buffer.alloc(0);
  const finish = (found: T | undefined, bytes: number): void => {
    clearTimeout(timer);
    socket.off('data', onData).off('close', onClose).off('end', onClose);
    socket.pause();
    const rest = seen.subarray(bytes);
    if (found !== undefined && rest.length > 0) socket.unshift(rest);
    done(found);
  };
  const onData = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk]);
    const examined = examine(seen);
    if (examined.kind === 'found') finish(examined.value, examined.bytes);
    else if (examined.kind === 'invalid') finish(undefined, 0);
  };
  const onClose = (): void => finish(undefined, 0);
  const timer = setTimeout(onClose, timeoutMs);
  socket.on('close', onClose).on('end', onClose).on('data', onData);
  socket.resume();
};

/** A connection that breaks before it said anything is of no interest; `close` follows. The listener stays: whoever gets the socket may not have one yet when the peer resets it. */
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
