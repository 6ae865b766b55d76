import type { ConsoleMessage, Goodbye, Hello, SensorMessage, TelemetryPolicy, Welcome } from '@parapet/contract/wire';
import { messageOf } from '@parapet/core';
import type { WebSocket } from 'ws';
import type { LookDesk } from '../look/look-desk.ts';
import { createInbound, type InboundMessage } from './inbound.ts';
import { createOutbound, type Outbound } from './outbound.ts';

/** How a connection ended, and what that asks for. */
export type LinkEnd = {
  readonly reason: string;
  /** The console wants a person to look before it is tried again. */
  readonly final: boolean;
};

export type LinkHandlers = {
  readonly hello: () => Hello;
  readonly heartbeat: () => SensorMessage['control'];
  /** Resolves when the inventory stream knows where to go on. */
  readonly onWelcome: (welcome: Welcome) => Promise<void>;
  readonly onFlow: (flow: Extract<ConsoleMessage['control'], { kind: 'flow' }>) => void;
  readonly onResync: (reason: string) => Promise<void>;
  readonly onRenewed: (certificatePem: string) => Promise<void>;
  /** Resolves when it is followed. */
  readonly onPolicy: (policy: TelemetryPolicy) => Promise<void>;
  /** Answers when it can: nothing waits for it. */
  readonly onLook: LookDesk;
  readonly onOrder: (message: ConsoleMessage['orders']) => void;
  readonly onBulk: (message: ConsoleMessage['bulk']) => void;
  /** Every second while connected. */
  readonly onTick: (sendControl: Outbound['sendControl']) => void;
};

export type Link = {
  readonly ended: Promise<LinkEnd>;
  /** Something new may be sent. */
  readonly wake: () => void;
  /** Says goodbye and closes; resolves when it has left, or after 2 seconds. */
  readonly leave: (reason: Goodbye['reason']) => Promise<void>;
};

const welcomeTimeoutMs = 15_000;
/** Frames the console may send ahead on a channel. */
const grantFrames = 64;
/** Changes are gathered this long, so that one frame carries what happens at once. */
const gatherMs = 25;

/** Speaks the sensor protocol on an open WebSocket until it ends. */
export const runLink = (
  socket: WebSocket,
  sources: Omit<Parameters<typeof createOutbound>[0], 'send' | 'onStuck'>,
  handlers: LinkHandlers,
): Link => {
  const inbound = createInbound();
  const end = Promise.withResolvers<LinkEnd>();
  let ending: LinkEnd | undefined;
  let welcomed = false;
  let leaving = false;
  let heartbeatEveryMs = welcomeTimeoutMs / 3;
  let lastHeardAt = performance.now();
  let lastHeartbeatAt = 0;
  let gathering: NodeJS.Timeout | undefined;
  const granted = { orders: 0, bulk: 0 };

  const breakOff = (reason: string, final = false): void => {
    ending ??= { reason, final };
    socket.terminate();
  };
  const outbound = createOutbound({
    ...sources,
    send: (data, sent) => socket.send(data, { binary: true, compress: false }, () => sent()),
    onStuck: () => breakOff('Nothing leaves any more.'),
  });

  const grant = (): void => {
    for (const channel of ['orders', 'bulk'] as const) {
      const acked = inbound.received(channel);
      if (granted[channel] - acked > grantFrames / 2) continue;
      granted[channel] = acked + grantFrames;
      outbound.sendControl({ kind: 'flow', channel, epoch: 1, acked, limit: granted[channel] });
    }
  };

  const beat = (): void => {
    lastHeartbeatAt = performance.now();
    outbound.sendControl(handlers.heartbeat());
    socket.ping();
  };

  const onControl = async (message: ConsoleMessage['control']): Promise<void> => {
    switch (message.kind) {
      case 'welcome':
        heartbeatEveryMs = message.heartbeatEveryMs;
        await handlers.onWelcome(message);
        welcomed = true;
        grant();
        beat();
        return;
      case 'flow':
        if (message.channel === 'orders' || message.channel === 'bulk') outbound.grant(message.channel, message.limit);
        else handlers.onFlow(message);
        return;
      case 'resync':
        return handlers.onResync(message.reason);
      case 'renewed':
        return handlers.onRenewed(message.certificatePem);
      case 'telemetry-policy':
        await handlers.onPolicy(message);
        beat();
        return;
      case 'look':
        handlers.onLook(message, (answer) => {
          if (socket.readyState === socket.OPEN) outbound.sendControl(answer);
        });
        return;
      case 'refused':
        breakOff(message.message, message.final);
        return;
    }
  };

  const handle = async (inboundMessage: InboundMessage): Promise<void> => {
    if (inboundMessage.channel === 'control') await onControl(inboundMessage.message);
    else if (inboundMessage.channel === 'orders') handlers.onOrder(inboundMessage.message);
    else handlers.onBulk(inboundMessage.message);
  };

  // One after another: a grant must not overtake the welcome that is still being agreed on.
  let handling: Promise<void> = Promise.resolve();
  socket.on('message', (data, isBinary) => {
    lastHeardAt = performance.now();
    const read = isBinary && Buffer.isBuffer(data) ? inbound.read(data) : undefined;
    if (read?.ok !== true) {
      breakOff(`The console sent what this sensor cannot read: ${read?.error.message ?? 'text instead of a frame'}`);
      return;
    }
    handling = handling
      .then(async () => {
        for (const message of read.value) await handle(message);
        if (welcomed) grant();
        outbound.pump();
      })
      .catch((error: unknown) => breakOff(messageOf(error)));
  });
  const heard = (): void => {
    lastHeardAt = performance.now();
  };
  socket.on('ping', heard);
  socket.on('pong', heard);
  socket.on('error', (error) => breakOff(error.message));

  const tick = setInterval(() => {
    const silentMs = performance.now() - lastHeardAt;
    if (silentMs > 3 * heartbeatEveryMs) {
      breakOff(`The console has been silent for ${Math.round(silentMs / 1000)} s.`);
      return;
    }
    if (!welcomed || leaving) return;
    if (performance.now() - lastHeartbeatAt >= heartbeatEveryMs) beat();
    handlers.onTick(outbound.sendControl);
    outbound.pump();
  }, 1000);

  socket.on('close', (code) => {
    clearInterval(tick);
    clearTimeout(gathering);
    ending ??= { reason: `The console closed the connection (${code}).`, final: false };
    // What was received before the close may still be on its way through the handlers; a refusal must be heard.
    void handling.then(() => end.resolve(ending ?? { reason: '', final: false }));
  });

  outbound.sendControl(handlers.hello());

  return {
    ended: end.promise,
    wake: () => {
      gathering ??= setTimeout(() => {
        gathering = undefined;
        if (welcomed && !leaving) outbound.pump();
      }, gatherMs);
    },
    leave: async (reason) => {
      leaving = true;
      outbound.sendControl({ kind: 'goodbye', reason });
      await Promise.race([outbound.flushed(), pause(1000)]);
      ending ??= { reason: 'This sensor stops.', final: false };
      socket.close(1000);
      await Promise.race([end.promise, pause(1000)]);
      socket.terminate();
    },
  };
};

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
