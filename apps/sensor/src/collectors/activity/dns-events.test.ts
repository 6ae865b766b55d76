import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { ProbedDns, ProbedDnsStream } from '@parapet/kernel';
import { describe, expect, it } from 'vitest';
import { createProcessMemory } from '../../kernel-watch/process-memory.ts';
import { probedProcess } from '../../kernel-watch/testing/probed.ts';
import { createDnsEvents } from './dns-events.ts';

const u16 = (value: number): number[] => [value >> 8, value & 0xff];
const question = [4, ...Buffer.from('host'), 0, ...u16(1), ...u16(1)];
const ask = (id: number): number[] => [...u16(id), 1, 0, ...u16(1), 0, 0, 0, 0, 0, 0, ...question];
const answer = (id: number, code = 0): number[] => [
  ...[...u16(id), 0x81, 0x80 | code, ...u16(1), ...u16(1), 0, 0, 0, 0, ...question],
  ...[0xc0, 12, ...u16(1), ...u16(1), 0, 0, 0, 60, ...u16(4), 192, 0, 2, 9],
];
const asker = { address: Uint8Array.of(10, 0, 0, 7), port: 40_000 };
const server = { address: Uint8Array.of(10, 0, 0, 53), port: 53 };

const createStage = () => {
  const told: TelemetryEvent[] = [];
  let unwanted = 0;
  const events = createDnsEvents({
    memory: createProcessMemory(),
    users: { nameOf: () => undefined },
    running: () => undefined,
    wallTimeUs: (ns) => Number(ns / 1000n),
    tell: (event) => told.push(event),
    unwanted: () => {
      unwanted += 1;
    },
    broken: () => {
      unwanted += 1;
    },
  });
  let records = 0;
  const take = (payload: readonly number[], more: Partial<ProbedDns> = {}, nowMs = 0): void => {
    const direction = more.direction ?? 'sent';
    records += 1;
    const [from, to] = direction === 'sent' ? [asker, server] : [server, asker];
    events.take(
      {
        ...{ kind: 'dns', direction, atNs: BigInt(records) * 1_000_000_000n, cpu: 0 },
        process: probedProcess(9, direction === 'sent' ? 'curl' : 'bystander'),
        ...{ packetNetNamespace: 7, from, to, payload: Uint8Array.from(payload), isWhole: true },
        ...more,
      },
      nowMs,
    );
  };
  /** Each record must end somewhere. */
  const isAccounted = (): boolean => records === told.length + unwanted + events.waiting();
  return { events, told, take, isAccounted };
};
const received = { direction: 'received' } as const;

describe('DNS', () => {
  it('is one event of who asked what, where, and what came back', () => {
    const { told, take, isAccounted } = createStage();
    take(ask(1));
    expect(told).toEqual([]);
    expect(isAccounted()).toBe(true);
    take(answer(1), received);
    expect(told).toMatchObject([
      {
        ...{ 'event.action': 'dns-query', 'event.outcome': 'success', 'event.duration': 1_000_000_000 },
        ...{ 'process.pid': 9, 'process.name': 'curl', 'source.port': 40_000 },
        ...{ 'destination.ip': '10.0.0.53', 'destination.port': 53 },
        ...{ 'dns.question.name': 'host', 'dns.question.type': 'A' },
        ...{ 'dns.response_code': 'NOERROR', 'dns.resolved_ip': ['192.0.2.9'] },
      },
    ]);
    expect(told[0]).not.toHaveProperty('parapet.dns.cut');
    expect(isAccounted()).toBe(true);
  });

  it('is answered where it was asked, whatever else passes by', () => {
    const { told, take, isAccounted } = createStage();
    take(ask(1));
    take(answer(1), { ...received, packetNetNamespace: 8 });
    take(answer(2), received);
    take(answer(1), { ...received, to: { ...asker, port: 40_001 } });
    expect(told).toEqual([]);
    take(answer(1, 3), { ...received, isWhole: false });
    take(answer(1, 3), received);
    expect(told).toMatchObject([
      { 'dns.response_code': 'NXDOMAIN', 'event.outcome': 'failure', 'parapet.dns.cut': true },
    ]);
    expect(isAccounted()).toBe(true);
  });

  it('is told without an answer when none comes, or when it is asked again; one packet is one question', () => {
    const { events, told, take, isAccounted } = createStage();
    take(ask(1), { atNs: 1_000_000_000n }, 0);
    take(ask(1), { atNs: 1_000_100_000n }, 0);
    expect(told).toEqual([]);
    take(ask(1), { atNs: 6_000_000_000n }, 5000);
    expect(told).toMatchObject([{ 'event.outcome': 'failure' }]);
    events.expire(20_000);
    expect(told).toHaveLength(2);
    expect(told[1]).not.toHaveProperty('dns.response_code');
    expect(isAccounted()).toBe(true);
  });

  it('leaves out what is none', () => {
    const { told, take, isAccounted } = createStage();
    take([1, 2, 3]);
    take(answer(4));
    take(ask(5), received);
    expect(told).toEqual([]);
    expect(isAccounted()).toBe(true);
  });

  it('waits for so many answers at most', () => {
    const { events, take, isAccounted } = createStage();
    for (let id = 0; id < 5000; id += 1) take(ask(id));
    expect(events.waiting()).toBe(2048);
    expect(isAccounted()).toBe(true);
  });

  it('over TCP is the same, and each message of a piece is one', () => {
    const { events, told } = createStage();
    const stream = (direction: 'sent' | 'received', messages: readonly (readonly number[])[]): ProbedDnsStream => {
      const [from, to] = direction === 'sent' ? [asker, server] : [server, asker];
      const payload = Uint8Array.from(messages.flatMap((message) => [...u16(message.length), ...message]));
      return {
        ...{ kind: 'dns-stream', direction, atNs: 1_000_000_000n, cpu: 0, process: probedProcess(9, 'dig') },
        ...{ socket: 1n, packetNetNamespace: 7, from, to, sequence: 1, length: payload.length, payload },
      };
    };
    events.takeStream(stream('sent', [ask(1), ask(2)]), 0);
    events.takeStream(stream('received', [answer(2), answer(1)]), 0);
    expect(told).toMatchObject([
      { 'network.transport': 'tcp', 'process.name': 'dig', 'dns.resolved_ip': ['192.0.2.9'] },
      { 'network.transport': 'tcp', 'dns.response_code': 'NOERROR' },
    ]);
    expect(events.extra()).toBe(2);
  });
});
