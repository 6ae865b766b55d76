import {
  type Channel,
  type ConsoleMessage,
  encodeFrame,
  type Flow,
  protocolVersions,
  type Refused,
} from '@parapet/contract/wire';
import type { WebSocket } from 'ws';
import { connectionEpoch } from './inbound-order.ts';

type OutChannel = keyof ConsoleMessage & Channel;

/** The sending half of a connection. */
export type SessionWire = {
  readonly send: <C extends OutChannel>(channel: C, message: ConsoleMessage[C]) => void;
  readonly flow: (flow: Omit<Flow, 'kind'>) => void;
  /** How many frames were sent on a channel. */
  readonly sent: (channel: OutChannel) => number;
  /** Says why and ends the connection. */
  readonly refuse: (code: Refused['code'], message: string, final: boolean) => void;
  readonly setVersion: (version: number) => void;
};

/** A peer that does not read is cut off: what it is owed would otherwise fill our memory. */
const maxBufferedBytes = 8 * 1024 * 1024;
const policyViolation = 1008;
/** A peer that does not answer the close is cut off. */
const closeGraceMs = 2000;

export const createSessionWire = (socket: WebSocket): SessionWire => {
  const sequences = new Map<OutChannel, number>();
  let version: number = protocolVersions.current;
  const send: SessionWire['send'] = (channel, message) => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > maxBufferedBytes) {
      socket.terminate();
      return;
    }
    const seq = (sequences.get(channel) ?? 0) + 1;
    sequences.set(channel, seq);
    const body = Buffer.from(JSON.stringify(message));
    socket.send(encodeFrame({ channel, epoch: connectionEpoch, seq, body }, version));
  };
  return {
    send,
    flow: (flow) => send('control', { kind: 'flow', ...flow }),
    sent: (channel) => sequences.get(channel) ?? 0,
    refuse: (code, message, final) => {
      send('control', { kind: 'refused', code, message: message.slice(0, 1024), final });
      socket.close(policyViolation, code);
      setTimeout(() => socket.terminate(), closeGraceMs).unref();
    },
    setVersion: (next) => {
      version = next;
    },
  };
};

/** Whether the other end answers a WebSocket ping within the time. */
export const probeSocket = (socket: WebSocket, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const finish = (alive: boolean): void => {
      clearTimeout(timer);
      socket.off('pong', onPong).off('close', onClose);
      resolve(alive);
    };
    const onPong = (): void => finish(true);
    const onClose = (): void => finish(false);
    const timer = setTimeout(onClose, timeoutMs);
    socket.on('pong', onPong).on('close', onClose);
    if (socket.readyState === socket.OPEN) socket.ping();
    else finish(false);
  });
