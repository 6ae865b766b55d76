import type { Socket } from 'node:net';
import type { TLSSocket, Server as TlsServer } from 'node:tls';
import { normaliseAddress } from '@parapet/core';

/**
 * Who is behind connections that a load balancer made. TLS sockets know their TCP peer only, so they are given the address
 * that the balancer named as soon as they are there; everything above (audit, rate limits, sessions) reads it as usual. Without
 * a balancer, a port that listens on all addresses has IPv4 clients by mapped names: they get their own.
 */
export type ClientAddresses = {
  /** Kept until the socket closes. */
  readonly note: (socket: Socket, address: string) => void;
  /** Lets the sockets of a TLS server tell their client. */
  readonly teach: (server: TlsServer) => void;
};

export const createClientAddresses = (): ClientAddresses => {
  /** By the balancer's end, of which there is one at a time. */
  const clients = new Map<string, string>();
  const keyOf = ({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string =>
    `${remoteAddress} ${remotePort}`;
  return {
    note: (socket, address) => {
      const key = keyOf(socket);
      clients.set(key, address);
      socket.once('close', () => clients.delete(key));
    },
    teach: (server) => {
      const tell = (socket: TLSSocket): void => {
        const client = clients.get(keyOf(socket)) ?? unmapped(socket.remoteAddress);
        if (client !== undefined) Object.defineProperty(socket, 'remoteAddress', { value: client });
      };
      server.prependListener('secureConnection', tell);
      server.prependListener('tlsClientError', (_error: Error, socket: TLSSocket) => tell(socket));
    },
  };
};

/** `192.0.2.1` for `::ffff:192.0.2.1`, nothing for what is no such address. */
const unmapped = (address: string | undefined): string | undefined =>
  address?.startsWith('::ffff:') === true ? normaliseAddress(address) : undefined;
