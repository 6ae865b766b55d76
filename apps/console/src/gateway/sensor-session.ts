import {
  type FrameHeader,
  type Heartbeat,
  type Hello,
  protocolVersions,
  type Refused,
  readFrameBody,
  readFrameHeader,
} from '@parapet/contract/wire';
import { type Clock, messageOf } from '@parapet/core';
import type { WebSocket } from 'ws';
import type { LookLink, LookPort } from '../forensics/look-port.ts';
import { readLines } from '../ingest/frame-reader.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Log } from '../logging/log.ts';
import type { WriteGate } from '../self-watch/write-gate.ts';
import type { SensorLink, SensorTasks } from '../tasks/sensor-tasks.ts';
import type { TelemetryIntake } from '../telemetry/telemetry-intake.ts';
import type { TelemetryPort } from '../telemetry/telemetry-port.ts';
import type { PolicyLink, PolicyPort } from '../telemetry-policy/policy-port.ts';
import { createClockSkew } from './clock-skew.ts';
import { agreeOnVersion, readArrival } from './hello.ts';
import type { HostArrival, StoredSensor } from './host-presence.ts';
import { createInboundOrder } from './inbound-order.ts';
import { createInventoryIntake, type InventoryIntake } from './inventory-intake.ts';
import type { Presence } from './presence.ts';
import { createRateLimit } from './rate-limit.ts';
import type { Refusals } from './refusals.ts';
import type { SensorCertificates } from './sensor-certificates.ts';
import { readMessage } from './session-messages.ts';
import { createSessionWire, probeSocket } from './session-wire.ts';

/** One connection of a sensor, from its hello to its end. */
export type SensorSession = {
  readonly hostId: string;
  readonly serial: string;
  readonly address: string;
  readonly close: (code: Refused['code'], message: string, final: boolean) => void;
  readonly terminate: () => void;
  /** Whether the other end answers within the time. */
  readonly probe: (timeoutMs: number) => Promise<boolean>;
  readonly resync: (reason: string) => void;
};

export type SessionDeps = {
  readonly clock: Clock;
  readonly log: Log;
  readonly ingest: Ingest;
  readonly presence: Presence;
  readonly refusals: Refusals;
  readonly certificates: SensorCertificates;
  readonly tasks: SensorTasks;
  readonly telemetry?: TelemetryPort;
  readonly policies?: PolicyPort;
  readonly looks?: LookPort;
  readonly version: string;
  readonly heartbeatEveryMs: number;
  readonly gate: WriteGate;
  readonly storeArrival: (arrival: HostArrival) => Promise<StoredSensor | undefined>;
  /** Makes this the host's only connection; false when it may not be. */
  readonly claim: (session: SensorSession) => Promise<boolean>;
  readonly release: (session: SensorSession) => void;
  readonly onUnknown: (messages: number) => void;
};

export type SessionPeer = { readonly hostId: string; readonly serial: string; readonly address: string };

const helloTimeoutMs = 10_000;
const windows = { orders: 64, bulk: 16 } as const;
/** A digest that differs is answered by asking for a snapshot, but not again and again for the same cause. */
const driftResyncEveryMs = 10 * 60_000;
/** WebSocket close code: try again later. */
const tryAgainLater = 1013;

/** Speaks the sensor protocol on an accepted WebSocket whose certificate was checked. */
export const createSensorSession = (deps: SessionDeps, peer: SessionPeer, socket: WebSocket): SensorSession => {
  const { clock, presence } = deps;
  const { hostId, serial, address } = peer;
  const wire = createSessionWire(socket);
  const skew = createClockSkew();
  const order = {
    control: createInboundOrder('control'),
    orders: createInboundOrder('orders'),
    bulk: createInboundOrder('bulk'),
  };
  const controlRate = createRateLimit({ clock, perMinute: 1200, burst: 400, maxKeys: 1 });
  const renewRate = createRateLimit({ clock, perMinute: 1, burst: 3, maxKeys: 1 });
  let state: 'new' | 'greeting' | 'open' | 'closed' = 'new';
  let intake: InventoryIntake | undefined;
  let events: TelemetryIntake | undefined;
  let link: SensorLink | undefined;
  let policy: PolicyLink | undefined;
  let look: LookLink | undefined;
  let lastDriftResyncMs = Number.NEGATIVE_INFINITY;
  let saidGoodbye = false;
  /** Orders and bulk are handled one message after the other, beside the inventory. */
  let work: Promise<void> = Promise.resolve();

  const note = (code: string, message: string): void => deps.refusals.note({ hostId, code, message, address });

  const end = (): void => {
    if (state === 'closed') return;
    state = 'closed';
    clearTimeout(helloTimer);
    intake?.close();
    events?.close();
    link?.detach();
    policy?.detach();
    look?.detach();
    deps.release(session);
  };

  const refuse = (code: Refused['code'], detail: string, message: string, final = false): void => {
    if (state === 'closed') return;
    note(detail, message);
    wire.refuse(code, message, final);
    end();
  };

  const onStoreFailure = (error: unknown): void => {
    deps.log.warn({ hostId, error: messageOf(error) }, 'A sensor had to be sent away: nothing can be stored.');
    socket.close(tryAgainLater, 'try again later');
    end();
  };

  const greet = async (hello: Hello, receivedAtMs: number): Promise<void> => {
    state = 'greeting';
    clearTimeout(helloTimer);
    const version = agreeOnVersion(hello.protocol);
    if (version === undefined) {
      const spoken = `${protocolVersions.oldest} to ${protocolVersions.current}`;
      refuse('protocol', 'protocol', `The console speaks protocol ${spoken}. Upgrade the older of the two.`, true);
      return;
    }
    wire.setVersion(version);
    skew.observe(hello.sentAt, receivedAtMs);
    if (!(await deps.claim(session))) {
      refuse('duplicate-connection', 'duplicate-connection', 'Another sensor is connected with this certificate.');
      return;
    }
    if (isClosed()) return;
    const counts = await deps.certificates.used(hostId, serial);
    const at = counts ? await deps.storeArrival(readArrival(hello, peer, skew.skewMs(), clock.now())) : undefined;
    if (at === undefined) refuse('revoked', 'revoked', 'This sensor was revoked. Enrol it anew to use it again.', true);
    else if (!isClosed()) open(hello, at, version);
  };

  const isClosed = (): boolean => state === 'closed';

  const open = (hello: Hello, at: StoredSensor, version: number): void => {
    state = 'open';
    const takesEvents = hello.telemetry !== undefined && deps.telemetry !== undefined;
    presence.arrived(hostId);
    wire.send('control', {
      kind: 'welcome',
      protocol: version,
      consoleVersion: deps.version,
      hostId,
      sentAt: clock.now(),
      heartbeatEveryMs: deps.heartbeatEveryMs,
      inventory: { epoch: at.epoch, seq: at.seq },
      ...(takesEvents ? { telemetry: deps.telemetry?.position(hostId) } : {}),
    });
    intake = createInventoryIntake(
      deps.ingest,
      {
        hostId,
        runId: hello.runId,
        bootId: hello.bootId,
        skewMs: skew.skewMs,
        note,
        refuse,
        flow: wire.flow,
        sendResync: (reason) => wire.send('control', { kind: 'resync', reason }),
        onUnknown: deps.onUnknown,
      },
      at,
    );
    intake.grant();
    if (takesEvents) {
      events = deps.telemetry?.open({
        ...{ hostId, skewMs: skew.skewMs, note, flow: wire.flow },
        refuse: (code, detail, message) => refuse(code, detail, message),
        onFailed: onStoreFailure,
      });
      events?.grant();
    }
    if (hello.policy !== undefined) {
      policy = deps.policies?.attach(hostId, hello.policy, (message) => wire.send('control', message));
    }
    look = deps.looks?.attach(hostId, hello.looks === true ? (message) => wire.send('control', message) : undefined);
    grantWork('orders', 0);
    // Documents wait on their hosts while there is no room for them.
    void deps.gate.opened('folder').then(() => {
      if (state === 'open') grantWork('bulk', 0);
    });
    link = deps.tasks.attach(hostId, {
      order: (message) => wire.send('orders', message),
      ordersSent: () => wire.sent('orders'),
      bulk: (message) => wire.send('bulk', message),
      refuse: (code, message) => refuse('malformed', code, message),
    });
  };

  const grantWork = (channel: 'orders' | 'bulk', acked: number): void => {
    const limit = acked + windows[channel];
    order[channel].grant(limit);
    wire.flow({ channel, epoch: 1, acked, limit });
  };

  const onHeartbeat = (heartbeat: Heartbeat, receivedAtMs: number): void => {
    if (saidGoodbye || state !== 'open') return;
    skew.observe(heartbeat.sentAt, receivedAtMs);
    const digest = intake?.digestAt(heartbeat.position);
    const inSync = digest === undefined ? undefined : heartbeat.digest === digest;
    if (inSync === false && clock.now() - lastDriftResyncMs > driftResyncEveryMs) {
      lastDriftResyncMs = clock.now();
      note('drift', 'The console’s copy differs from the sensor’s.');
      intake?.resync('The console’s copy differs from the sensor’s.');
    }
    if (heartbeat.policy !== undefined) policy?.heard(heartbeat.policy);
    const { rssBytes, anonymousBytes, cpuCores, queued, queueAgeMs } = heartbeat;
    presence.heard({ hostId, skewMs: skew.skewMs(), rssBytes, anonymousBytes, cpuCores, queued, queueAgeMs, inSync });
  };

  const renew = async (requestPem: string): Promise<void> => {
    if (state !== 'open') return;
    const pem = renewRate.take('') ? await deps.certificates.renew(hostId, requestPem) : undefined;
    if (pem === undefined) refuse('malformed', 'renewal', 'The certificate request is malformed or came too soon.');
    else wire.send('control', { kind: 'renewed', certificatePem: pem });
  };

  const onControl = (value: Record<string, unknown>, receivedAtMs: number): void => {
    const message = readMessage('control', value, { refuse, onUnknown: deps.onUnknown });
    switch (message?.kind) {
      case 'hello':
        if (state === 'new') greet(message, receivedAtMs).catch(onStoreFailure);
        else refuse('malformed', 'second-hello', 'A connection begins with one hello.');
        return;
      case 'heartbeat':
        onHeartbeat(message, receivedAtMs);
        return;
      case 'goodbye':
        saidGoodbye = true;
        presence.saidGoodbye(hostId, message.reason).catch(onStoreFailure);
        return;
      case 'renew':
        renew(message.certificateRequestPem).catch(onStoreFailure);
        return;
      case 'flow':
        if (message.channel === 'orders') link?.granted(message.limit);
        return;
      case 'look-answer':
        look?.heard(message);
        return;
      case undefined:
        return;
    }
  };

  const onWork = async (channel: 'orders' | 'bulk', seq: number, values: readonly Record<string, unknown>[]) => {
    const answers = { refuse, onUnknown: deps.onUnknown };
    if (channel === 'bulk') await deps.gate.opened('folder');
    for (const value of values) {
      if (state !== 'open') return;
      if (channel === 'orders') {
        const message = readMessage('orders', value, answers);
        if (message !== undefined) await link?.onOrders(message);
      } else {
        const message = readMessage('bulk', value, answers);
        if (message !== undefined) await link?.onBulk(message);
      }
    }
    if (state === 'open') grantWork(channel, seq);
  };

  const onFrame = (data: Buffer): void => {
    if (state === 'closed') return;
    const receivedAtMs = clock.now();
    const header = readFrameHeader(data);
    if (!header.ok) {
      refuse('malformed', header.error.code, header.error.message);
      return;
    }
    const { channel, seq } = header.value;
    if (channel !== 'control' && state !== 'open') {
      refuse('malformed', 'before-welcome', `A frame on ${channel} came before the welcome.`);
    } else if (channel === 'inventory') {
      intake?.onFrame(data, header.value);
    } else if (channel === 'telemetry') {
      if (events === undefined) deps.onUnknown(1);
      else events.onFrame(data, header.value, receivedAtMs);
    } else {
      const verdict = order[channel].check(header.value);
      if (verdict === 'next') onMessages(channel, seq, readLinesOf(data, header.value), receivedAtMs);
      else if (verdict === 'replay') note('replay', `Frame ${seq} on ${channel} came again.`);
      else if (verdict === 'credit') refuse('rate', 'credit', `Frame ${seq} on ${channel} is beyond the credit.`);
      else refuse('out-of-order', 'out-of-order', `Frame ${seq} on ${channel} is not the next.`);
    }
  };

  const onMessages = (
    channel: 'control' | 'orders' | 'bulk',
    seq: number,
    lines: FrameLines,
    receivedAtMs: number,
  ): void => {
    if (!lines.ok) {
      refuse('malformed', lines.error.code, lines.error.message);
      return;
    }
    if (channel !== 'control') {
      work = work.then(() => onWork(channel, seq, lines.value)).catch(onStoreFailure);
      return;
    }
    for (const value of lines.value) {
      if (controlRate.take('')) onControl(value, receivedAtMs);
      else refuse('rate', 'rate', 'Too many control messages.');
    }
  };

  const helloTimer = setTimeout(() => refuse('malformed', 'no-hello', 'No hello came.'), helloTimeoutMs);
  socket.on('message', (data, isBinary) => {
    if (isBinary && Buffer.isBuffer(data)) onFrame(data);
    else refuse('malformed', 'text-message', 'Messages must be binary.');
  });
  socket.on('error', (error) => {
    // A message beyond the limit is refused by the WebSocket before it is read; it closes with code 1009.
    if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      note('frame-too-large', 'A message was larger than a frame may be.');
    }
  });
  socket.on('close', () => {
    // Still open on our side: it was not we who ended it.
    if (state === 'open' && !saidGoodbye) presence.dropped(hostId);
    end();
  });

  const session: SensorSession = {
    hostId,
    serial,
    address,
    close: (code, message, final) => refuse(code, code, message, final),
    terminate: () => {
      socket.terminate();
      end();
    },
    probe: (timeoutMs) => probeSocket(socket, timeoutMs),
    resync: (reason) => intake?.resync(reason),
  };
  return session;
};

type FrameLines = ReturnType<typeof readLines>;

const readLinesOf = (data: Buffer, header: FrameHeader): FrameLines => {
  const body = readFrameBody(data, header);
  return body.ok ? readLines(body.value) : body;
};
