import { createServer, type Server } from 'node:https';

export type TlsCredentials = { readonly certificatePem: string; readonly privateKeyPem: string };

/** The TLS server for people and programs, not listening and without an application yet. */
export const createTlsServer = (tls: TlsCredentials): Server => {
  const server = createServer({ ...contextOf(tls), ALPNProtocols: ['http/1.1'], maxHeaderSize: 16_384 });
  server.headersTimeout = 20_000;
  // An upload of a large bundle over a slow line takes its time; its size has a limit.
  server.requestTimeout = 30 * 60_000;
  server.keepAliveTimeout = 75_000;
  server.maxHeadersCount = 100;
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
};

/** Gives new connections another certificate; open ones stay. */
export const setCertificate = (server: Server, tls: TlsCredentials): void => server.setSecureContext(contextOf(tls));

const contextOf = (tls: TlsCredentials) => ({
  cert: tls.certificatePem,
  key: tls.privateKeyPem,
  minVersion: 'TLSv1.2' as const,
});
