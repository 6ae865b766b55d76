import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { formatIpv4, formatIpv6, type ProbedDns } from '@parapet/kernel';
import { type DnsMessage, parseDnsMessage } from '../../kernel-watch/dns-message.ts';
import { describeProcess, type EventDeps } from './event-base.ts';

/**
 * Joins what was asked with what was answered: one event for both, told with the answer, or after a while without. Each record ends in
 * exactly one of: told, unwanted, or waiting. An answer passes several devices on its way to a container: it counts where it was asked.
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
/** A packet that passes devices laid over one another (VLAN, bond) is seen at each. */
const sameWithinNs = 10_000_000n;

export const createDnsEvents = (deps: DnsEventsDeps): DnsEvents => {
  const waiting = new Map<string, Asked>();

  const tellUnanswered = (key: string, { record, message }: Asked): void => {
    waiting.delete(key);
    deps.tell({ ...describeQuestion(record, message, deps), 'event.outcome': 'failure' });
  };
  const ask = (key: string, record: ProbedDns, message: DnsMessage, nowMs: number): void => {
    const before = waiting.get(key);
    if (before !== undefined && isSamePacket(before.record, record)) {
      deps.unwanted();
      return;
    }
    // The same question again, as when it is sent to a second server.
    if (before !== undefined) tellUnanswered(key, before);
    waiting.set(key, { record, message, untilMs: nowMs + patienceMs });
    const [oldest] = waiting;
    if (waiting.size > maxWaiting && oldest !== undefined) tellUnanswered(...oldest);
  };
  const answer = (key: string, record: ProbedDns, message: DnsMessage): void => {
    const asked = waiting.get(key);
    deps.unwanted();
    if (asked === undefined) return;
    waiting.delete(key);
    deps.tell({
      ...describeQuestion(asked.record, asked.message, deps),
      'event.outcome': message.responseCode === 'NOERROR' ? 'success' : 'failure',
      'event.duration': Math.max(0, Number(record.atNs - asked.record.atNs)),
      'dns.response_code': message.responseCode,
      ...(message.addresses.length === 0 ? {} : { 'dns.resolved_ip': [...message.addresses] }),
      ...(record.isWhole ? {} : { 'parapet.dns.cut': true }),
    });
  };

  return {
    take: (record, nowMs) => {
      const message = parseDnsMessage(record.payload);
      if (message === undefined || message.isResponse !== (record.direction === 'received')) {
        deps.unwanted();
        return;
      }
      const { port } = record.direction === 'sent' ? record.from : record.to;
      const { name, type } = message.question;
      const key = `${record.packetNetNamespace} ${port} ${message.id} ${type} ${name.toLowerCase()}`;
      if (record.direction === 'sent') ask(key, record, message, nowMs);
      else answer(key, record, message);
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

const isSamePacket = (one: ProbedDns, other: ProbedDns): boolean =>
  other.atNs - one.atNs < sameWithinNs && Buffer.compare(one.to.address, other.to.address) === 0;

/** Docker's resolver has another port than the one that was asked, which is always this one. */
const dnsPort = 53;

const describeQuestion = (record: ProbedDns, { question }: DnsMessage, deps: EventDeps): TelemetryEvent => ({
  ...describeProcess('dns-query', record, deps),
  'network.transport': 'udp',
  'network.direction': 'egress',
  'source.ip': addressOf(record.from.address),
  'source.port': record.from.port,
  'destination.ip': addressOf(record.to.address),
  'destination.port': dnsPort,
  'dns.question.name': question.name,
  'dns.question.type': question.type,
});

const addressOf = (bytes: Uint8Array): string => (bytes.length === 4 ? formatIpv4(bytes, 0) : formatIpv6(bytes, 0));
