import { request } from 'node:https';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import {
  type Channel,
  type ConsoleMessage,
  decodeFrame,
  EnrolmentAnswer,
  type EnrolmentRequest,
  encodeFrame,
  enrolmentPath,
  type Hello,
  sensorChannelPath,
  sensorServerName,
} from '@parapet/contract/wire';
import { WebSocket } from 'ws';
import { createSensorIdentity, type SensorIdentity } from './sensor-identity.ts';

/** A sensor that a test scripts frame by frame, over real TLS and a real WebSocket. */
export type FakeSensor = {
  readonly socket: WebSocket;
  /** Everything the console said so far, in order. */
  readonly messages: readonly ReceivedMessage[];
  /** Waits for a message that fits, from the first not yet waited for on. */
  readonly expect: <K extends ReceivedMessage['kind']>(
    kind: K,
    fits?: (message: Extract<ReceivedMessage, { kind: K }>) => boolean,
  ) => Promise<Extract<ReceivedMessage, { kind: K }>>;
  /** Sends lines as the next frame of a channel of this connection. */
  readonly say: (channel: Channel, ...lines: readonly (object | string)[]) => void;
  /** Sends a frame with numbers of the test's choice. */
  readonly frame: (channel: Channel, epoch: number, seq: number, lines: readonly (object | string)[]) => void;
  readonly raw: (data: Buffer | string) => void;
  /** The close code, once it is closed. */
  readonly closed: Promise<number>;
  readonly terminate: () => void;
};

export type ReceivedMessage = ConsoleMessage[keyof ConsoleMessage];

export type Enrolled = SensorIdentity & { readonly answer: EnrolmentAnswer };

export type Place = { readonly port: number; readonly authorityPem: string };

export const helloOf = (part: Partial<Hello> = {}): Hello => ({
  kind: 'hello',
  protocol: { current: 1, oldest: 1 },
  sensorVersion: '0.1.0',
  bootId: 'boot-1',
  runId: '3d0b1ad6-9a52-4b21-8f6b-2f7a1f0a1f01',
  startedAt: Date.now() - 1000,
  sentAt: Date.now(),
  inventory: { epoch: 0, seq: 0 },
  ...part,
});

/** Posts to the enrolment route and returns the status with the parsed body. */
export const postEnrolment = (place: Place, body: unknown): Promise<{ status: number; body: unknown }> =>
  new Promise((resolve, reject) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: place.port,
        servername: sensorServerName,
        ca: place.authorityPem,
        method: 'POST',
        path: enrolmentPath,
        agent: false,
        headers: { 'content-length': Buffer.byteLength(text) },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) });
        });
        incoming.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(text);
  });

/** Enrols a sensor with a key; throws when it is refused. */
export const enrolSensor = async (
  place: Place,
  key: string,
  part: Partial<EnrolmentRequest> = {},
  identity?: SensorIdentity,
): Promise<Enrolled> => {
  const own = identity ?? (await createSensorIdentity());
  const answer = await postEnrolment(place, {
    key,
    certificateRequestPem: own.certificateRequestPem,
    sensorVersion: '0.1.0',
    evidence: { hostname: 'box' },
    ...part,
  });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return { ...own, answer: EnrolmentAnswer.parse(answer.body) };
};

type Certificate = { readonly privateKeyPem: string; readonly certificatePem: string };

/** Opens the channel. Rejects with the status and body when the console refuses. */
export const openChannel = (place: Place, certificate: Certificate | undefined): Promise<FakeSensor> =>
  new Promise((resolve, reject) => {
    const tls = dial(place, certificate);
    tls.on('error', reject);
    const socket = new WebSocket(`ws://${sensorServerName}${sensorChannelPath}`, {
      createConnection: () => tls,
      perMessageDeflate: false,
    });
    const sensor = wrap(socket);
    socket.once('open', () => resolve(sensor));
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => reject(new Error(`${response.statusCode} ${Buffer.concat(chunks).toString('utf8')}`)));
    });
  });

/** Opens the channel and exchanges hello and welcome. */
export const connectSensor = async (
  place: Place,
  enrolled: Enrolled,
  hello: Partial<Hello> = {},
): Promise<FakeSensor> => {
  const sensor = await openChannel(place, {
    privateKeyPem: enrolled.privateKeyPem,
    certificatePem: enrolled.answer.certificatePem,
  });
  sensor.say('control', helloOf(hello));
  await sensor.expect('welcome');
  return sensor;
};

const dial = (place: Place, certificate: Certificate | undefined): TLSSocket =>
  connectTls({
    host: '127.0.0.1',
    port: place.port,
    servername: sensorServerName,
    ca: place.authorityPem,
    minVersion: 'TLSv1.3',
    ...(certificate === undefined ? {} : { key: certificate.privateKeyPem, cert: certificate.certificatePem }),
  });

const patienceMs = 60_000;

const wrap = (socket: WebSocket): FakeSensor => {
  const messages: ReceivedMessage[] = [];
  const sequences = new Map<Channel, number>();
  const waiting = new Set<() => void>();
  const taken = new Map<string, number>();
  socket.on('error', () => undefined);
  socket.on('message', (data) => {
    const frame = decodeFrame(data as Buffer);
    if (!frame.ok) throw new Error(frame.error.message);
    for (const line of frame.value.body.toString('utf8').split('\n')) messages.push(JSON.parse(line));
    for (const look of waiting) look();
  });
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
  const textOf = (line: object | string): string => (typeof line === 'string' ? line : JSON.stringify(line));
  const frame: FakeSensor['frame'] = (channel, epoch, seq, lines) =>
    socket.send(encodeFrame({ channel, epoch, seq, body: Buffer.from(lines.map(textOf).join('\n')) }));
  return {
    socket,
    messages,
    closed,
    frame,
    raw: (data) => socket.send(data),
    say: (channel, ...lines) => {
      const seq = (sequences.get(channel) ?? 0) + 1;
      sequences.set(channel, seq);
      frame(channel, 1, seq, lines);
    },
    expect: (kind, fits = () => true) => {
      type Wanted = Extract<ReceivedMessage, { kind: typeof kind }>;
      return new Promise<Wanted>((resolve, reject) => {
        const look = (): void => {
          const from = taken.get(kind) ?? 0;
          const at = messages.findIndex(
            (message, index) => index >= from && message.kind === kind && fits(message as Wanted),
          );
          if (at === -1) return;
          taken.set(kind, at + 1);
          waiting.delete(look);
          clearTimeout(timer);
          resolve(messages[at] as Wanted);
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`No ${kind} came that fits. Came: ${JSON.stringify(messages.slice(-5))}`));
        }, patienceMs);
        waiting.add(look);
        look();
      });
    },
    terminate: () => socket.terminate(),
  };
};
