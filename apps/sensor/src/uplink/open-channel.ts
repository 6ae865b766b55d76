import type { IncomingMessage } from 'node:http';
import { frameLimits, sensorChannelPath, sensorServerName } from '@parapet/contract/wire';
import { AppError, readStreamBounded } from '@parapet/core';
import { WebSocket } from 'ws';
import { type DialOptions, dialWithIdentity } from '../net/tls-dialer.ts';
import type { Identity } from '../state/state-files.ts';

/** Opens the WebSocket over mutual TLS. Rejects with an `AppError` `channel-refused` when the console answers with a refusal. */
export const openChannel = async (consoleUrl: string, identity: Identity, options: DialOptions): Promise<WebSocket> => {
  const tls = await dialWithIdentity(consoleUrl, identity, options);
  return new Promise((resolve, reject) => {
    // The TLS connection is made already, so the URL's scheme is the plain one.
    const socket = new WebSocket(`ws://${sensorServerName}${sensorChannelPath}`, {
      createConnection: () => tls,
      perMessageDeflate: false,
      maxPayload: frameLimits.frameBytes,
      handshakeTimeout: options.timeoutMs,
      followRedirects: false,
    });
    socket.once('open', () => {
      socket.removeAllListeners('error');
      socket.removeAllListeners('unexpected-response');
      resolve(socket);
    });
    socket.once('error', (error) => {
      tls.destroy();
      reject(error);
    });
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      refusalOf(response)
        .then(reject, reject)
        .finally(() => tls.destroy());
    });
  });
};

const refusalBytes = 8192;

const refusalOf = async (response: IncomingMessage): Promise<Error> => {
  const status = response.statusCode ?? 0;
  const body = await readStreamBounded(response, refusalBytes);
  const text = body.ok ? body.value.toString('utf8').slice(0, 500) : '';
  // 401 and 403 say that this identity is not welcome; everything else may pass.
  if (status === 401 || status === 403) {
    return new AppError('channel-refused', status, `status ${status} ${text}`.trim());
  }
  return new Error(`The console answered with status ${status} instead of a channel. ${text}`.trim());
};
