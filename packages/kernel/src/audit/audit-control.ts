import { setTimeout as sleep } from 'node:timers/promises';
import { errno } from '../constants.ts';
import { KernelError } from '../kernel-error.ts';
import { decodeErrorNumber, decodeMessages, encodeMessage, messageFlags, messageTypes } from '../netlink/message.ts';
import { openNetlinkSocket } from '../netlink/socket.ts';
import { auditMessages, auditProtocol } from './numbers.ts';
import type { AuditRule } from './rule.ts';
import { type AuditChange, type AuditStatus, decodeStatus, encodeChange } from './status.ts';

/**
 * Asks and sets what the kernel's audit does for the whole host. Needs CAP_AUDIT_CONTROL, the initial pid and user namespaces, and a
 * kernel with audit that was not switched off at boot. Everything throws `KernelError`.
 */
export type AuditControl = {
  readonly status: () => Promise<AuditStatus>;
  /** At most 4,096, which is more than anybody has. */
  readonly rules: () => Promise<readonly AuditRule[]>;
  readonly set: (change: AuditChange) => void;
  readonly add: (rule: AuditRule) => void;
  /** `false` when there is no such rule. */
  readonly remove: (rule: AuditRule) => boolean;
  readonly close: () => void;
};

const maxRules = 4096;
/** Answers come from a thread that the kernel makes for each. */
const patienceMs = 5000;
const lookEveryMs = 2;

export const openAuditControl = (): AuditControl => {
  // A list of rules has a kilobyte for each.
  const socket = openNetlinkSocket({ protocol: auditProtocol, receiveBufferBytes: 8 * 1024 * 1024 });
  let sequence = 0;
  let asked: Promise<unknown> = Promise.resolve();
  /** One at a time: who waits for an answer passes over those to others. */
  const inTurn = <T>(action: () => Promise<T>): Promise<T> => {
    const mine = asked.then(action, action);
    asked = mine;
    return mine;
  };

  /** Asks and takes answers until `onAnswer` says that this was the last one. */
  const ask = async (type: number, onAnswer: (type: number, payload: Uint8Array) => boolean): Promise<void> => {
    sequence += 1;
    const mine = sequence;
    socket.send(encodeMessage({ type, flags: messageFlags.REQUEST, sequence: mine }, new Uint8Array(0)));
    let failure = 0;
    let isOver = false;
    const take = (datagram: Uint8Array): void => {
      for (const message of decodeMessages(datagram)) {
        if (message.sequence !== mine || isOver) continue;
        if (message.type === messageTypes.ERROR) failure = decodeErrorNumber(message.payload);
        isOver = failure !== 0 || onAnswer(message.type, message.payload);
      }
    };
    const until = performance.now() + patienceMs;
    for (;;) {
      const { overruns } = socket.drain(take, maxRules * 2);
      if (failure !== 0) throw new KernelError('audit', failure);
      if (isOver) return;
      if (overruns > 0) throw new KernelError('audit', errno.ENOBUFS);
      if (performance.now() > until) throw new KernelError('audit', errno.ETIMEDOUT, 'the kernel did not answer');
      await sleep(lookEveryMs);
    }
  };
  const tell = (type: number, payload: Uint8Array): void => {
    // Acknowledged within the call.
    socket.request({ type, payload, dump: false, maxAnswers: 0 }, () => {});
  };

  return {
    status: () =>
      inTurn(async () => {
        let found: AuditStatus | undefined;
        await ask(auditMessages.get, (type, payload) => {
          if (type !== auditMessages.get) return false;
          found = decodeStatus(payload);
          return true;
        });
        if (found === undefined) throw new KernelError('audit', errno.EPROTO, 'its status is not understood');
        return found;
      }),
    rules: () =>
      inTurn(async () => {
        const found: AuditRule[] = [];
        await ask(auditMessages.listRules, (type, payload) => {
          if (type === auditMessages.listRules && found.length < maxRules) found.push(Uint8Array.from(payload));
          return type === messageTypes.DONE;
        });
        return found;
      }),
    set: (change) => tell(auditMessages.set, encodeChange(change)),
    add: (rule) => tell(auditMessages.addRule, rule),
    remove: (rule) => {
      try {
        tell(auditMessages.deleteRule, rule);
        return true;
      } catch (error) {
        if (error instanceof KernelError && error.errno === errno.ENOENT) return false;
        throw error;
      }
    },
    close: socket.close,
  };
};
