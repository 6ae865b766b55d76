import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { ProbedDns } from '@parapet/kernel';
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
  });
  let records = 0;
  const take = (direction: ProbedDns['direction'], payload: readonly number[], nowMs = 0): void => {
    records += 1;
    events.take(
      {
        ...{ kind: 'dns', direction, atNs: BigInt(records) * 1000n, cpu: 0, process: probedProcess(9, 'curl') },
        ...{ socket: 1n, socketNetNamespace: 7, payload: Uint8Array.from(payload) },
        server: direction === 'sent' ? Uint8Array.of(10, 0, 0, 53) : undefined,
      },
      nowMs,
    );
  };
  /** Each record must end somewhere. */
  const isAccounted = (): boolean => records === told.length + unwanted + events.waiting();
  return { events, told, take, isAccounted };
};

describe('DNS', () => {
  it('is one event of who asked what, where, and what came back', () => {
    const { told, take, isAccounted } = createStage();
    take('sent', ask(1));
    expect(told).toEqual([]);
    expect(isAccounted()).toBe(true);
    take('received', answer(1));
    expect(told).toMatchObject([
      {
        'event.action': 'dns-query',
        'event.outcome': 'success',
        'event.duration': 1000,
        'process.pid': 9,
        'destination.ip': '10.0.0.53',
        'dns.question.name': 'host',
        'dns.question.type': 'A',
        'dns.response_code': 'NOERROR',
        'dns.resolved_ip': ['192.0.2.9'],
      },
    ]);
    expect(isAccounted()).toBe(true);
  });

  it('is told without an answer when none comes, or when it is asked again', () => {
    const { events, told, take, isAccounted } = createStage();
    take('sent', ask(1), 0);
    take('sent', ask(1), 1000);
    expect(told).toMatchObject([{ 'event.outcome': 'failure' }]);
    events.expire(20_000);
    expect(told).toHaveLength(2);
    expect(told[1]).not.toHaveProperty('dns.response_code');
    expect(isAccounted()).toBe(true);
  });

  it('tells an answer whose question was not seen, and leaves out what is no DNS', () => {
    const { told, take, isAccounted } = createStage();
    take('received', answer(3, 3));
    take('sent', [1, 2, 3]);
    take('sent', answer(4));
    expect(told).toMatchObject([{ 'dns.response_code': 'NXDOMAIN', 'event.outcome': 'failure' }]);
    expect(isAccounted()).toBe(true);
  });

  it('waits for so many answers at most', () => {
    const { events, take, isAccounted } = createStage();
    for (let id = 0; id < 5000; id += 1) take('sent', ask(id));
    expect(events.waiting()).toBe(2048);
    expect(isAccounted()).toBe(true);
  });
});
