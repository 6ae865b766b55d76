import { type Channel, type ConsoleMessage, consoleMessages, decodeFrame, frameLimits } from '@parapet/contract/wire';
import { fail, ok, type Problem, parseJson, problem, type Result } from '@parapet/core';
import { z } from 'zod';

export type InboundMessage = {
  readonly [C in keyof ConsoleMessage]: { readonly channel: C; readonly message: ConsoleMessage[C] };
}[keyof ConsoleMessage];

/** The receiving side of one connection: frames in order, their lines checked by the contract. */
export type Inbound = {
  /** The messages of a frame, or why the connection must end. */
  readonly read: (data: Buffer) => Result<readonly InboundMessage[], Problem>;
  /** Frames received on a channel. */
  readonly received: (channel: 'orders' | 'bulk') => number;
  /** Messages of kinds that this version does not know. */
  readonly unknown: () => number;
};

const Kind = z.object({ kind: z.string() });
const knownKinds: Readonly<Record<keyof ConsoleMessage, ReadonlySet<string>>> = {
  control: new Set(['welcome', 'flow', 'resync', 'refused', 'renewed', 'telemetry-policy', 'look']),
  orders: new Set(['task', 'upgrade', 'task-cancel', 'task-acked']),
  bulk: new Set(['bulk-state']),
};

export const createInbound = (): Inbound => {
  const sequence = new Map<Channel, number>();
  let unknown = 0;

  const readLine = (channel: keyof ConsoleMessage, line: string): Result<InboundMessage | undefined, Problem> => {
    const kind = parseJson(line, Kind);
    if (!kind.ok) return kind;
    if (!knownKinds[channel].has(kind.value.kind)) {
      unknown += 1;
      return ok(undefined);
    }
    const message = parseJson(line, consoleMessages[channel]);
    // The schema of the channel was just applied, which the type system cannot follow through the index.
    return message.ok ? ok({ channel, message: message.value } as InboundMessage) : message;
  };

  return {
    read: (data) => {
      const frame = decodeFrame(data);
      if (!frame.ok) return frame;
      const { channel, epoch, seq, body } = frame.value;
      const expected = (sequence.get(channel) ?? 0) + 1;
      if (epoch !== 1 || seq !== expected) {
        return fail(problem('out-of-order', `Frame ${epoch}/${seq} came where 1/${expected} was due.`, channel));
      }
      sequence.set(channel, seq);
      if (channel !== 'control' && channel !== 'orders' && channel !== 'bulk') {
        unknown += 1;
        return ok([]);
      }
      const messages: InboundMessage[] = [];
      const lines = body.toString('utf8').split('\n', frameLimits.lines);
      for (const line of lines) {
        if (line === '') continue;
        const read = readLine(channel, line);
        if (!read.ok) return read;
        if (read.value !== undefined) messages.push(read.value);
      }
      return ok(messages);
    },
    received: (channel) => sequence.get(channel) ?? 0,
    unknown: () => unknown,
  };
};
