import { createSecureServer, type Http2SecureServer } from 'node:http2';

export type TlsCredentials = { readonly certificatePem: string; readonly privateKeyPem: string };

const idleMs = 120_000;
const requestsAtOnce = 100;

/**
 * The TLS server for people and programs, not listening and without an application yet. It speaks HTTP/2, because every
 * open page holds a live stream and browsers allow an HTTP/1.1 host six connections in all; HTTP/1.1 stays for programs.
 */
export const createTlsServer = (tls: TlsCredentials): Http2SecureServer => {
  const server = createSecureServer({
    ...contextOf(tls),
    allowHTTP1: true,
    settings: { maxConcurrentStreams: requestsAtOnce, maxHeaderListSize: 16_384, enablePush: false },
    maxSessionMemory: 16,
    ...http1Limits,
  });
  server.on('session', (session) => {
    session.setTimeout(idleMs, () => session.close());
    // A browser that vanished is no failure of ours.
    session.on('error', () => session.destroy());
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  // Node enforces the time limits of HTTP/1.1 from here on; a server that is given its sockets never listens by itself.
  server.emit('listening');
  return server;
};

/** Gives new connections another certificate; open ones stay. */
export const setCertificate = (server: Http2SecureServer, tls: TlsCredentials): void =>
  server.setSecureContext(contextOf(tls));

const http1Limits = {
  maxHeaderSize: 16_384,
  headersTimeout: 20_000,
  // An upload of a large bundle over a slow line takes its time; its size has a limit.
  requestTimeout: 30 * 60_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5_000,
};

const contextOf = (tls: TlsCredentials) => ({
  cert: tls.certificatePem,
  key: tls.privateKeyPem,
  minVersion: 'TLSv1.2' as const,
});
