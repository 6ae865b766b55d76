import { randomUUID } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ConsoleMessage,
  decodeFrame,
  EnrolmentRequest,
  encodeFrame,
  enrolmentPath,
  sensorChannelPath,
  sensorMessages,
  sensorServerName,
} from '@parapet/contract/wire';
import { type WebSocket, WebSocketServer } from 'ws';
import { createSimulatedConsole, type SimulatedConsole } from '../../inventory/testing/simulated-console.ts';
import { createTestAuthority, type TestAuthority } from './certificates.ts';

/** A console's sensor port in this process: real TLS, real WebSocket, the stream kept in memory. */
export type LocalConsole = {
  readonly url: string;
  readonly port: number;
  readonly authority: TestAuthority;
  readonly hostId: string;
  readonly stream: SimulatedConsole;
  /** Bytes of TLS payload that clients sent on the enrolment route. */
  readonly enrolments: EnrolmentRequest[];
  /** Control messages of sensors, in order. */
  readonly control: { readonly kind: string }[];
  readonly orders: { readonly kind: string; readonly state?: string }[];
  readonly connections: () => number;
  readonly send: <C extends keyof ConsoleMessage>(channel: C, message: ConsoleMessage[C]) => void;
  /** Cuts all connections without a word. */
  readonly cut: () => void;
  /** While set, nothing is answered and nothing acknowledged. */
  readonly mute: (muted: boolean) => void;
  readonly close: () => Promise<void>;
};

export const startLocalConsole = async (
  options: { readonly serverName?: string; readonly heartbeatEveryMs?: number; readonly certificateDays?: number } = {},
): Promise<LocalConsole> => {
  const authority = await createTestAuthority();
  const credentials = await authority.issueServer(options.serverName ?? sensorServerName);
  const stream = createSimulatedConsole();
  const enrolments: EnrolmentRequest[] = [];
  const control: { kind: string }[] = [];
  const orders: { kind: string; state?: string }[] = [];
  const hostId = randomUUID();
  const raw = new Set<Duplex>();
  let channel: WebSocket | undefined;
  let sequence = new Map<string, number>();
  let connections = 0;
  let muted = false;

  const send: LocalConsole['send'] = (name, message) => {
    const seq = (sequence.get(name) ?? 0) + 1;
    sequence.set(name, seq);
    channel?.send(encodeFrame({ channel: name, epoch: 1, seq, body: Buffer.from(JSON.stringify(message)) }));
  };
  const grant = (): void => {
    const { epoch, seq } = stream.position();
    send('control', { kind: 'flow', channel: 'inventory', epoch, acked: seq, limit: seq + 16 });
  };

  const onControl = (line: string): void => {
    const message = sensorMessages.control.parse(JSON.parse(line));
    control.push(message);
    if (message.kind === 'renew') {
      void authority
        .signRequest(message.certificateRequestPem)
        .then((certificatePem) => send('control', { kind: 'renewed', certificatePem }));
    }
    if (message.kind !== 'hello') return;
    send('control', {
      kind: 'welcome',
      protocol: 1,
      consoleVersion: 'test',
      hostId,
      sentAt: Date.now(),
      heartbeatEveryMs: options.heartbeatEveryMs ?? 1000,
      inventory: stream.position(),
    });
    grant();
    for (const name of ['orders', 'bulk'] as const) {
      send('control', { kind: 'flow', channel: name, epoch: 1, acked: 0, limit: 1000 });
    }
  };

  const onFrame = (data: Buffer): void => {
    const frame = decodeFrame(data);
    if (!frame.ok) throw new Error(frame.error.message);
    if (muted) return;
    const lines = frame.value.body.toString('utf8').split('\n');
    if (frame.value.channel === 'control') for (const line of lines) onControl(line);
    else if (frame.value.channel === 'inventory') {
      stream.receive(data);
      grant();
    } else if (frame.value.channel === 'orders') for (const line of lines) orders.push(JSON.parse(line));
  };

  const server = createServer(
    {
      ...credentials,
      ca: authority.certificatePem,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    },
    (request, response) => {
      if (request.url !== enrolmentPath) return response.writeHead(404).end();
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString('utf8');
      });
      request.on('end', () => {
        const parsed = EnrolmentRequest.parse(JSON.parse(body));
        enrolments.push(parsed);
        if (parsed.key !== 'the-right-enrolment-key') {
          return response.writeHead(403).end(JSON.stringify({ code: 'key-unknown', message: 'No such key.' }));
        }
        void authority.signRequest(parsed.certificateRequestPem, options.certificateDays).then((certificatePem) => {
          response.end(
            JSON.stringify({ hostId, certificatePem, authorityPem: authority.certificatePem, outcome: 'new' }),
          );
        });
      });
    },
  );
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('connection', (socket) => {
    raw.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => raw.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    const identified = 'authorized' in request.socket && request.socket.authorized === true;
    if (!identified || request.url !== sensorChannelPath) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      channel = accepted;
      sequence = new Map();
      connections += 1;
      accepted.on('message', (data) => onFrame(data as Buffer));
      accepted.on('error', () => accepted.terminate());
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of raw) socket.destroy();
  };

  return {
    ...{ authority, hostId, stream, enrolments, control, orders, send, cut, port },
    url: `https://127.0.0.1:${port}`,
    connections: () => connections,
    mute: (next) => {
      muted = next;
    },
    close: async () => {
      cut();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await authority.dispose();
    },
  };
};
