import { describe, expect, it } from 'vitest';
import { endedFlowDatagram, newFlowDatagram } from '../testing/captured.ts';
import { decodeTrackedFlow, encodeFlowQuery } from './connection-tracking.ts';
import { decodeMessages } from './message.ts';

const payloadOf = (datagram: Uint8Array): Uint8Array => [...decodeMessages(datagram)][0]?.payload ?? new Uint8Array();

const original = {
  source: { address: '127.0.0.1', port: 50_962 },
  destination: { address: '127.0.0.1', port: 8080 },
};
const reply = {
  source: { address: '127.0.0.1', port: 80 },
  destination: { address: '127.0.0.1', port: 50_962 },
};

describe('decodeTrackedFlow', () => {
  it('reads a new flow with what it is translated to', () => {
    const flow = decodeTrackedFlow(payloadOf(newFlowDatagram));
    expect(flow).toEqual({ protocol: 'tcp', original, reply, answered: false, zone: 0 });
  });

  it('reads an ended one with its byte counts', () => {
    const flow = decodeTrackedFlow(payloadOf(endedFlowDatagram));
    expect(flow).toEqual({
      protocol: 'tcp',
      original,
      reply,
      answered: true,
      zone: 0,
      bytes: { original: 216, reply: 221 },
    });
  });

  it('never throws, wherever the bytes end', () => {
    const payload = payloadOf(endedFlowDatagram);
    for (let length = 0; length < payload.length; length += 1)
      expect(() => decodeTrackedFlow(payload.subarray(0, length))).not.toThrow();
    expect(decodeTrackedFlow(payload.subarray(0, 40))).toBeUndefined();
  });

  it('leaves out protocols other than TCP and UDP', () => {
    const payload = Uint8Array.from(payloadOf(newFlowDatagram));
    const proto = 4 + 4 + 20 + 4 + 4;
    expect(payload[proto]).toBe(6);
    payload[proto] = 1;
    expect(decodeTrackedFlow(payload)).toBeUndefined();
  });
});

describe('encodeFlowQuery', () => {
  it('asks with the tuple as the kernel itself writes it', () => {
    const query = encodeFlowQuery('tcp', original);
    const tuple = payloadOf(newFlowDatagram).subarray(4, 4 + 52);
    expect([...(query ?? [])].slice(4)).toEqual([...tuple]);
    expect(query?.[0]).toBe(2);
  });

  it('asks for IPv6 flows', () => {
    const end = { address: 'fd00::1', port: 1 };
    expect(encodeFlowQuery('udp', { source: end, destination: end })?.[0]).toBe(10);
  });

  it('refuses mixed families and texts that are no addresses', () => {
    const other = { address: '::1', port: 1 };
    expect(encodeFlowQuery('tcp', { ...original, source: other })).toBeUndefined();
    expect(encodeFlowQuery('tcp', { ...original, source: { address: 'x', port: 1 } })).toBeUndefined();
  });
});
