import { describe, expect, it } from 'vitest';
import { acknowledgedDatagram, execDatagram, exitDatagram, forkDatagram } from '../testing/captured.ts';
import { decodeProcessMessages, encodeListen, processConnector, processEventKinds } from './process-connector.ts';

describe('decodeProcessMessages', () => {
  it.each([
    ['an acknowledgement', acknowledgedDatagram, { kind: 'acknowledged', errno: 0, cpu: 1, sequence: 44_727 }],
    ['an exec', execDatagram, { kind: 'exec', pid: 22_027, cpu: 0, sequence: 46_268 }],
    ['a fork', forkDatagram, { kind: 'fork', parentPid: 22_020, pid: 22_027, isThread: false }],
    ['an exit', exitDatagram, { kind: 'exit', pid: 22_027, exitCode: 1, signal: 0, isThread: false }],
  ])('reads %s as the kernel sent it', (_, datagram, expected) => {
    expect(decodeProcessMessages(datagram)).toMatchObject([expected]);
  });

  it('gives the time of the monotonic clock', () => {
    expect(decodeProcessMessages(execDatagram)[0]?.monotonicMs).toBeCloseTo(4_576_918.762, 2);
  });

  it('tells an end by a signal from an end by itself', () => {
    const killed = Uint8Array.from(exitDatagram);
    // exit_code, the third word of the event's data, holds a wait status.
    killed.set([9, 0, 0, 0], 16 + 20 + 16 + 8);
    expect(decodeProcessMessages(killed)).toMatchObject([{ kind: 'exit', exitCode: 0, signal: 9 }]);
  });

  it('tells threads from processes', () => {
    const thread = Uint8Array.from(exitDatagram);
    thread.set([1, 0, 0, 0], 16 + 20 + 16);
    expect(decodeProcessMessages(thread)).toMatchObject([{ kind: 'exit', isThread: true }]);
  });

  it('reads changes of user and group', () => {
    const changed = Uint8Array.from(exitDatagram);
    changed.set([4, 0, 0, 0], processConnector.kindOffset);
    changed.set([0xe8, 3, 0, 0, 0, 0, 0, 0], 16 + 20 + 16 + 8);
    expect(decodeProcessMessages(changed)).toMatchObject([{ kind: 'user', pid: 22_027, real: 1000, effective: 0 }]);
    changed.set([0x40, 0, 0, 0], processConnector.kindOffset);
    expect(decodeProcessMessages(changed)).toMatchObject([{ kind: 'group', pid: 22_027, real: 1000, effective: 0 }]);
  });

  it('leaves out what is not of the process connector', () => {
    const foreign = Uint8Array.from(execDatagram);
    foreign.set([4, 0, 0, 0], 16);
    expect(decodeProcessMessages(foreign)).toEqual([]);
    for (let length = 0; length < execDatagram.length; length += 1)
      expect(decodeProcessMessages(execDatagram.subarray(0, length))).toEqual([]);
  });

  it('calls kinds it does not know other', () => {
    const unknown = Uint8Array.from(execDatagram);
    unknown.set([0, 4, 0, 0], processConnector.kindOffset);
    expect(decodeProcessMessages(unknown)).toMatchObject([{ kind: 'other', sequence: 46_268 }]);
  });
});

describe('encodeListen', () => {
  it('is a connector message of 40 bytes with the operation in it', () => {
    const bytes = encodeListen(true);
    expect(bytes).toHaveLength(40);
    expect([...bytes.subarray(32, 36)]).toEqual([4, 0, 0, 0]);
    expect([...bytes.subarray(36)]).toEqual([1, 0, 0, 0]);
    expect([...encodeListen(false).subarray(36)]).toEqual([2, 0, 0, 0]);
  });
});

it('has kinds that fit an unsigned word', () => {
  expect(Object.values(processEventKinds).every((kind) => kind >= 0)).toBe(true);
});
