import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { formatIpv4, formatIpv6, type ProbedDns } from '@parapet/kernel';
import { type DnsMessage, parseDnsMessage } from '../../kernel-watch/dns-message.ts';
import { describeProcess, type EventDeps } from './event-base.ts';

/**
 * Joins what was asked with what was answered: one event for both, told with the answer, or after a while without. Each record
 * ends in exactly one of: told, unwanted, or waiting.
 */
export type DnsEvents = {
  readonly take: (record: ProbedDns, nowMs: number) => void;
  /** Tells of questions that nobody answered. */
  readonly expire: (nowMs: number) => void;
  readonly waiting: () => number;
};

export type DnsEventsDeps = EventDeps & {
  readonly tell: (event: TelemetryEvent) => void;
  readonly unwanted: () => void;
};

/** Resolvers ask again after 5 s (resolv.conf(5)). */
const patienceMs = 10_000;
/** Some 2 kB each; the oldest are told without an answer first. */
const maxWaiting = 2048;

export const createDnsEvents = (deps: DnsEventsDeps): DnsEvents => {
  const waiting = new Map<string, Asked>();

  const tellUnanswered = (key: string, { record, message }: Asked): void => {
    waiting.delete(key);
    deps.tell({ ...describeQuestion(record, message, deps), 'event.outcome': 'failure' });
  };

  return {
    take: (record, nowMs) => {
      const message = parseDnsMessage(record.payload);
      if (message === undefined || message.isResponse !== (record.direction === 'received')) {
        deps.unwanted();
        return;
      }
      const key = `${record.socket} ${message.id} ${message.question.type} ${message.question.name.toLowerCase()}`;
      const asked = waiting.get(key);
      if (record.direction === 'sent') {
        // The same question again, as when it is sent to a second server.
        if (asked !== undefined) tellUnanswered(key, asked);
        waiting.set(key, { record, message, untilMs: nowMs + patienceMs });
        const [oldest] = waiting;
        if (waiting.size > maxWaiting && oldest !== undefined) tellUnanswered(...oldest);
        return;
      }
      waiting.delete(key);
      // The record of the question is told with it, or was told, or was lost in the kernel.
      if (asked !== undefined) deps.unwanted();
      deps.tell({
        ...describeQuestion(asked?.record ?? record, message, deps),
        'event.outcome': message.responseCode === 'NOERROR' ? 'success' : 'failure',
        ...(asked === undefined ? {} : { 'event.duration': Math.max(0, Number(record.atNs - asked.record.atNs)) }),
        'dns.response_code': message.responseCode,
        ...(message.addresses.length === 0 ? {} : { 'dns.resolved_ip': [...message.addresses] }),
      });
    },
    expire: (nowMs) => {
      for (const [key, asked] of waiting) {
        if (asked.untilMs > nowMs) return;
        tellUnanswered(key, asked);
      }
    },
    waiting: () => waiting.size,
  };
};

type Asked = { readonly record: ProbedDns; readonly message: DnsMessage; readonly untilMs: number };

const describeQuestion = (record: ProbedDns, { question }: DnsMessage, deps: EventDeps): TelemetryEvent => ({
  ...describeProcess('dns-query', record, deps),
  'network.transport': 'udp',
  ...(record.server === undefined
    ? {}
    : { 'destination.ip': addressOf(record.server), 'destination.port': 53, 'network.direction': 'egress' }),
  'dns.question.name': question.name,
  'dns.question.type': question.type,
});

const addressOf = (bytes: Uint8Array): string => (bytes.length === 4 ? formatIpv4(bytes, 0) : formatIpv6(bytes, 0));
