import { readFileSync, writeFileSync } from 'node:fs';
import { fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';
import { errno } from './constants.ts';
import { attempt } from './kernel-error.ts';
import {
  connectionTracking,
  decodeTrackedFlow,
  encodeFlowDump,
  encodeFlowQuery,
  type FlowTuple,
  type TrackedFlow,
} from './netlink/connection-tracking.ts';
import { decodeMessages } from './netlink/message.ts';
import { type NetlinkSocket, openNetlinkSocket } from './netlink/socket.ts';
import type { TransportProtocol } from './socket-row.ts';

/** The connection tracking of the network namespace it was opened in. It only sees traffic there, and only while rules ask for it. */
export type FlowTracking = {
  /** Shows all TCP and UDP flows. `complete` is false when there were more than `maxFlows` or the table changed meanwhile. */
  readonly list: (
    onFlow: (flow: TrackedFlow) => void,
    maxFlows: number,
  ) => Result<{ readonly complete: boolean }, Problem>;
  /** The flow with this original tuple as it is now; `undefined` when there is none. */
  readonly find: (protocol: TransportProtocol, original: FlowTuple) => TrackedFlow | undefined;
  /** Hands over new and ended flows that wait, at most `maxEvents`. `overruns` counts kernel buffer overflows. */
  readonly drain: (events: FlowEvents, maxEvents: number) => { readonly overruns: number; readonly more: boolean };
  readonly close: () => void;
};

export type FlowEvents = {
  readonly onNew: (flow: TrackedFlow) => void;
  readonly onEnd: (flow: TrackedFlow) => void;
};

/** Needs CAP_NET_ADMIN and a kernel with ctnetlink. Loads that module where it is not yet. */
export const openFlowTracking = (receiveBufferBytes: number): Result<FlowTracking, Problem> =>
  attempt(() => {
    const { protocol, groups } = connectionTracking;
    const queries = openNetlinkSocket({ protocol, receiveBufferBytes: 1024 * 1024 });
    const events = attempt(() =>
      openNetlinkSocket({ protocol, groups: [groups.new, groups.destroy], receiveBufferBytes }),
    );
    if (!events.ok) {
      queries.close();
      throw events.error;
    }
    return {
      list: (onFlow, maxFlows) => listFlows(queries, onFlow, maxFlows),
      find: (transport, original) => findFlow(queries, transport, original),
      drain: (handlers, maxEvents) => drainEvents(events.value, handlers, maxEvents),
      close: () => {
        queries.close();
        events.value.close();
      },
    };
  });

/** Whether the kernel counts bytes of tracked flows in the present network namespace; `undefined` without connection tracking. */
export const readFlowAccounting = (): boolean | undefined => {
  try {
    return readFileSync(accountingPath, 'latin1').trim() === '1';
  } catch {
    // The file is only there once the module is.
    return undefined;
  }
};

/** Turns counting on for flows that begin from now on: a change of the host's settings, so it is never done unasked. */
export const enableFlowAccounting = (): Result<void, Problem> => {
  try {
    writeFileSync(accountingPath, '1\n');
    return ok(undefined);
  } catch (error) {
    return fail(
      problem('unwritable', `Byte counts of connections cannot be turned on: ${messageOf(error)}`, accountingPath),
    );
  }
};

const accountingPath = '/proc/sys/net/netfilter/nf_conntrack_acct';

const listFlows = (
  socket: NetlinkSocket,
  onFlow: (flow: TrackedFlow) => void,
  maxFlows: number,
): Result<{ readonly complete: boolean }, Problem> =>
  attempt(() => {
    const request = { type: connectionTracking.types.get, payload: encodeFlowDump(), dump: true, maxAnswers: maxFlows };
    return socket.request(request, (payload) => {
      const flow = decodeTrackedFlow(payload);
      if (flow !== undefined) onFlow(flow);
    });
  });

const findFlow = (socket: NetlinkSocket, protocol: TransportProtocol, original: FlowTuple): TrackedFlow | undefined => {
  const payload = encodeFlowQuery(protocol, original);
  if (payload === undefined) return undefined;
  let found: TrackedFlow | undefined;
  const asked = attempt(() =>
    socket.request({ type: connectionTracking.types.get, payload, dump: false, maxAnswers: 1 }, (answer) => {
      found = decodeTrackedFlow(answer);
    }),
  );
  if (!asked.ok && asked.error.errno !== errno.ENOENT) throw asked.error;
  return found;
};

const drainEvents = (
  socket: NetlinkSocket,
  events: FlowEvents,
  maxEvents: number,
): { readonly overruns: number; readonly more: boolean } =>
  socket.drain((datagram) => {
    for (const message of decodeMessages(datagram)) {
      const handler =
        message.type === connectionTracking.types.new
          ? events.onNew
          : message.type === connectionTracking.types.delete
            ? events.onEnd
            : undefined;
      const flow = handler === undefined ? undefined : decodeTrackedFlow(message.payload);
      if (handler !== undefined && flow !== undefined) handler(flow);
    }
  }, maxEvents);
