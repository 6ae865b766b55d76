import type { ProbedDns } from '@parapet/kernel';
import { describe, expect, it } from 'vitest';
import { createProcessMemory } from '../../kernel-watch/process-memory.ts';
import { probedProcess } from '../../kernel-watch/testing/probed.ts';
import { describeDns } from './dns-events.ts';

const u16 = (value: number): number[] => [value >> 8, value & 0xff];
const question = [4, ...Buffer.from('host'), 0, ...u16(1), ...u16(1)];
const answer = (code: number): number[] => [
  ...[...u16(1), 0x81, 0x80 | code, ...u16(1), ...u16(1), 0, 0, 0, 0, ...question],
  ...[0xc0, 12, ...u16(1), ...u16(1), 0, 0, 0, 60, ...u16(4), 192, 0, 2, 9],
];
const describeBytes = (payload: readonly number[], server = Uint8Array.of(10, 0, 0, 53)) => {
  const record: ProbedDns = {
    ...{ kind: 'dns', atNs: 1000n, cpu: 0, process: probedProcess(9, 'curl'), server },
    payload: Uint8Array.from(payload),
  };
  return describeDns(record, {
    memory: createProcessMemory(),
    users: { nameOf: () => undefined },
    running: () => undefined,
    wallTimeUs: (ns) => Number(ns / 1000n),
  });
};

describe('DNS', () => {
  it('is told as who asked whom what, and what came back', () => {
    expect(describeBytes(answer(0))).toMatchObject({
      'event.action': 'dns-query',
      'event.outcome': 'success',
      'process.pid': 9,
      'destination.ip': '10.0.0.53',
      'dns.question.name': 'host',
      'dns.question.type': 'A',
      'dns.response_code': 'NOERROR',
      'dns.resolved_ip': ['192.0.2.9'],
    });
    const v6 = Uint8Array.of(...new Array<number>(15).fill(0), 1);
    expect(describeBytes(answer(3), v6)).toMatchObject({
      'event.outcome': 'failure',
      'destination.ip': '::1',
      'dns.response_code': 'NXDOMAIN',
    });
  });

  it('is nothing when it is no answer', () => {
    expect(describeBytes([...u16(1), 1, 0, ...u16(1), 0, 0, 0, 0, 0, 0, ...question])).toBeUndefined();
    expect(describeBytes([1, 2, 3])).toBeUndefined();
  });
});
