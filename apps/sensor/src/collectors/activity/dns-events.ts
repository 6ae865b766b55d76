import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { formatIpv4, formatIpv6, type ProbedDns, type ProbedDnsStream } from '@parapet/kernel';
import { type DnsMessage, parseDnsMessage } from '../../kernel-watch/dns-message.ts';
import { createDnsStreams } from '../../kernel-watch/dns-streams.ts';
import { describeProcess, type EventDeps } from './event-base.ts';

/**
 * Joins what was asked with what was answered: one event for both, told with the answer, or after a while without. Each record ends in
 * exactly one of: told, unwanted, or waiting. An answer passes several devices on its way to a container: it counts where it was asked.
 */
export type DnsEvents = {
  readonly take: (record: DnsRecord, nowMs: number) => void;
  /** A piece of what TCP carries, which may complete several messages or none. */
  readonly takeStream: (piece: ProbedDnsStream, nowMs: number) => void;
  /** Messages beyond the first of a piece: so many more events than records. */
  readonly extra: () => number;
  /** Tells of questions that nobody answered. */
  readonly expire: (nowMs: number) => void;
  readonly waiting: () => number;
};

type DnsRecord = Omit<ProbedDns, 'kind'> & { readonly transport?: 'tcp' };

export type DnsEventsDeps = EventDeps & {
  readonly tell: (event: TelemetryEvent) => void;
  readonly unwanted: () => void;
  /** A stream that cannot be followed any further. */
  readonly broken: () => void;
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
  const ask = (key: string, record: DnsRecord, message: DnsMessage, nowMs: number): void => {
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
  const answer = (key: string, record: DnsRecord, message: DnsMessage): void => {
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

  const streams = createDnsStreams();
  let extra = 0;
  const take = (record: DnsRecord, nowMs: number): void => {
    const message = parseDnsMessage(record.payload);
    if (message === undefined || message.isResponse !== (record.direction === 'received')) {
      deps.unwanted();
      return;
    }
    const { port } = record.direction === 'sent' ? record.from : record.to;
    const { name, type } = message.question;
    const key = `${record.transport ?? 'udp'} ${record.packetNetNamespace} ${port} ${message.id} ${type} ${name.toLowerCase()}`;
    if (record.direction === 'sent') ask(key, record, message, nowMs);
    else answer(key, record, message);
  };
  const takeStream = (piece: ProbedDnsStream, nowMs: number): void => {
    const messages = streams.take(piece);
    if (messages === 'broken') deps.broken();
    else if (messages.length === 0) deps.unwanted();
    else {
      extra += messages.length - 1;
      for (const message of messages) take({ ...piece, ...message, transport: 'tcp' }, nowMs);
    }
  };

  return {
    take,
    takeStream,
    extra: () => extra,
    expire: (nowMs) => {
      for (const [key, asked] of waiting) {
        if (asked.untilMs > nowMs) return;
        tellUnanswered(key, asked);
      }
    },
    waiting: () => waiting.size,
  };
};

type Asked = { readonly record: DnsRecord; readonly message: DnsMessage; readonly untilMs: number };

const isSamePacket = (one: DnsRecord, other: DnsRecord): boolean =>
  other.atNs - one.atNs < sameWithinNs && Buffer.compare(one.to.address, other.to.address) === 0;

/** Docker's resolver has another port than the one that was asked, which is always this one. */
const dnsPort = 53;

const describeQuestion = (record: DnsRecord, { question }: DnsMessage, deps: EventDeps): TelemetryEvent => ({
  ...describeProcess('dns-query', record, deps),
  'network.transport': record.transport ?? 'udp',
  'network.direction': 'egress',
  'source.ip': addressOf(record.from.address),
  'source.port': record.from.port,
  'destination.ip': addressOf(record.to.address),
  'destination.port': dnsPort,
  'dns.question.name': question.name,
  'dns.question.type': question.type,
});

const addressOf = (bytes: Uint8Array): string => (bytes.length === 4 ? formatIpv4(bytes, 0) : formatIpv6(bytes, 0));
