import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { formatIpv4, formatIpv6, type ProbedDns } from '@parapet/kernel';
import { parseDnsMessage } from '../../kernel-watch/dns-message.ts';
import { describeProcess, type EventDeps } from './event-base.ts';

/** A DNS answer with the question that it holds; `undefined` for what only came from that port. */
export const describeDns = (record: ProbedDns, deps: EventDeps): TelemetryEvent | undefined => {
  const message = parseDnsMessage(record.payload);
  if (message?.isResponse !== true) return undefined;
  return {
    ...describeProcess('dns-query', record, deps),
    'event.outcome': message.responseCode === 'NOERROR' ? 'success' : 'failure',
    'network.transport': 'udp',
    'network.direction': 'egress',
    'destination.ip': record.server.length === 4 ? formatIpv4(record.server, 0) : formatIpv6(record.server, 0),
    'destination.port': 53,
    'dns.question.name': message.question.name,
    'dns.question.type': message.question.type,
    'dns.response_code': message.responseCode,
    ...(message.addresses.length === 0 ? {} : { 'dns.resolved_ip': [...message.addresses] }),
  };
};
