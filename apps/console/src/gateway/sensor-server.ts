import { constants, X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { enrolmentPath, frameLimits, sensorChannelPath } from '@parapet/contract/wire';
import { messageOf } from '@parapet/core';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Authority, issueSensorServer } from '../authority/authority.ts';
import { normaliseSerial } from '../authority/certificates.ts';
import type { Log } from '../logging/log.ts';
import type { Refusals } from './refusals.ts';
import type { SensorCertificates } from './sensor-certificates.ts';
import type { SessionPeer } from './sensor-session.ts';

/** The TLS server that sensors meet: enrolment without a certificate, the channel only with one that counts now. */
export type SensorServer = {
  readonly server: Server;
  /** Makes a new server certificate; connections go on with the old one. */
  readonly renew: () => Promise<void>;
  readonly close: () => void;
};

export const createSensorServer = async (deps: {
  readonly authority: Authority;
  readonly certificates: SensorCertificates;
  readonly refusals: Refusals;
  readonly log: Log;
  readonly enrol: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Downloads of sensors whose certificate counts. */
  readonly archive: {
    readonly isFor: (request: IncomingMessage) => boolean;
    readonly serve: (request: IncomingMessage, response: ServerResponse, hostId: string) => Promise<void>;
  };
  readonly onConnection: (peer: SessionPeer, socket: WebSocket) => void;
  /** A certificate that was revoked gets its answer over the protocol, so that the sensor stops trying. */
  readonly onRevoked: (peer: SessionPeer, socket: WebSocket) => void;
}): Promise<SensorServer> => {
  const server = createServer(
    {
      ...(await secureContext(deps.authority)),
      requestCert: true,
      // Enrolment has none yet; the channel asks for it itself, to say what is wrong.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      // A resumed session would not show its certificate anew.
      secureOptions: constants.SSL_OP_NO_TICKET,
      handshakeTimeout: 10_000,
      maxHeaderSize: 8192,
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: 5000,
    },
    (request, response) => {
      if (request.method === 'POST' && request.url === enrolmentPath) {
        deps.enrol(request, response).catch((error: unknown) => {
          deps.log.error({ error: messageOf(error) }, 'The enrolment route failed.');
          response.destroy();
        });
      } else if (deps.archive.isFor(request)) {
        download(request, response).catch((error: unknown) => {
          deps.log.warn({ error: messageOf(error) }, 'A download of a sensor failed.');
          response.destroy();
        });
      } else {
        response.writeHead(404, { 'content-type': 'text/plain', connection: 'close' });
        response.end('Nothing is here but the sensor protocol.\n');
      }
    },
  );
  // Node enforces the time limits from here on; a server that is given its sockets never listens by itself.
  server.emit('listening');
  server.maxRequestsPerSocket = 8;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: frameLimits.frameBytes,
    perMessageDeflate: false,
    clientTracking: false,
    skipUTF8Validation: true,
  });

  async function download(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const verdict = await identify(request.socket as TLSSocket, deps.authority, deps.certificates);
    if (verdict.kind === 'known') return deps.archive.serve(request, response, verdict.hostId);
    const refusal = verdict.kind === 'refused' ? verdict : { ...verdict, code: 'revoked', message: revokedMessage };
    deps.refusals.note({ ...refusal, address: request.socket.remoteAddress ?? '' });
    response.writeHead(401, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
    response.end('The certificate of this sensor does not count.\n');
  }

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const address = request.socket.remoteAddress ?? '';
    const verdict = await identify(request.socket as TLSSocket, deps.authority, deps.certificates);
    if (verdict.kind === 'refused') {
      deps.refusals.note({ ...verdict, address });
      rejectUpgrade(socket, 401, verdict.code, verdict.message);
      return;
    }
    if (request.url !== sensorChannelPath) {
      rejectUpgrade(socket, 404, 'not-found', 'Nothing is here but the sensor protocol.');
      return;
    }
    const peer = { hostId: verdict.hostId, serial: verdict.serial, address };
    sockets.handleUpgrade(request, socket, head, (channel) =>
      verdict.kind === 'revoked' ? deps.onRevoked(peer, channel) : deps.onConnection(peer, channel),
    );
  };
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    upgrade(request, socket, head).catch((error: unknown) => {
      deps.log.warn({ error: messageOf(error) }, 'A sensor could not be identified: the store is away.');
      rejectUpgrade(socket, 503, 'unavailable', 'The console cannot look up certificates at the moment.');
    });
  });
  server.on('tlsClientError', (error, socket) => {
    deps.refusals.note({ code: 'tls', message: error.message, address: socket.remoteAddress ?? '' });
    socket.destroy();
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  return {
    server,
    renew: async () => server.setSecureContext(await secureContext(deps.authority)),
    close: () => {
      sockets.close();
      server.close();
    },
  };
};

const revokedMessage = 'A revoked certificate was used for a download.';

type Identity =
  | { readonly kind: 'known' | 'revoked'; readonly hostId: string; readonly serial: string }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly hostId?: string };

/** Who is at the other end, by the certificate it proved to hold. Nothing the peer says elsewhere counts. */
const identify = async (
  socket: TLSSocket,
  authority: Authority,
  certificates: SensorCertificates,
): Promise<Identity> => {
  const raw = socket.getPeerCertificate().raw;
  if (raw === undefined) {
    return { kind: 'refused', code: 'certificate-missing', message: 'The channel needs a client certificate.' };
  }
  const certificate = new X509Certificate(raw);
  if (!socket.authorized || !authority.issued(certificate)) {
    const expired = String(socket.authorizationError) === 'CERT_HAS_EXPIRED';
    return expired
      ? { kind: 'refused', code: 'certificate-expired', message: 'The client certificate has expired. Enrol again.' }
      : { kind: 'refused', code: 'certificate-untrusted', message: 'The client certificate is not of this console.' };
  }
  const serial = normaliseSerial(certificate.serialNumber);
  const standing = await certificates.standing(serial, certificate);
  if (standing.state === 'unknown') {
    const message = standing.message ?? 'The client certificate is not known here.';
    return { kind: 'refused', code: 'certificate-unknown', message };
  }
  const { hostId } = standing;
  if (certificate.subject !== `CN=${hostId}`) {
    return { kind: 'refused', code: 'certificate-host', message: 'The client certificate is of another host.', hostId };
  }
  return { kind: standing.state === 'revoked' ? 'revoked' : 'known', hostId, serial };
};

const secureContext = async (authority: Authority) => {
  const credentials = await issueSensorServer(authority);
  return { key: credentials.privateKeyPem, cert: credentials.certificatePem, ca: authority.certificatePem };
};

const statusText: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  404: 'Not Found',
  503: 'Service Unavailable',
};

const rejectUpgrade = (socket: Duplex, status: number, code: string, message: string): void => {
  const body = JSON.stringify({ code, message });
  socket.end(
    `HTTP/1.1 ${status} ${statusText[status]}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
};
