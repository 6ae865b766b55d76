import type { ProbedDnsStream } from '@parapet/kernel';
import { describe, expect, it } from 'vitest';
import { createDnsStreams, type StreamedMessage } from './dns-streams.ts';
import { probedProcess } from './testing/probed.ts';

const common = { kind: 'dns-stream', direction: 'sent', atNs: 1n, cpu: 0, process: probedProcess(9, 'dig') } as const;
const piece = (sequence: number, bytes: readonly number[], more: Partial<ProbedDnsStream> = {}): ProbedDnsStream => ({
  ...{ ...common, socket: 5n, packetNetNamespace: 7, sequence },
  from: { address: Uint8Array.of(10, 0, 0, 7), port: 40_000 },
  to: { address: Uint8Array.of(10, 0, 0, 53), port: 53 },
  ...{ length: bytes.length, payload: Uint8Array.from(bytes) },
  ...more,
});
const texts = (told: readonly StreamedMessage[] | 'broken'): unknown =>
  told === 'broken' ? told : told.map(({ payload, isWhole }) => [Buffer.from(payload).toString(), isWhole]);
const bytesOf = (text: string): number[] => [text.length >> 8, text.length & 0xff, ...Buffer.from(text)];

describe('messages of TCP streams', () => {
  it('are put together of pieces, however they were cut, and several of one', () => {
    const stream = [...bytesOf('first'), ...bytesOf('second'), ...bytesOf('third')];
    for (let size = 1; size <= stream.length; size += 1) {
      const streams = createDnsStreams();
      const told: unknown[] = [];
      // Numbers begin anew after the last one.
      for (let at = 0; at < stream.length; at += size)
        told.push(texts(streams.take(piece((0xffff_fff8 + at) >>> 0, stream.slice(at, at + size)))));
      expect(told.flat()).toEqual([
        ['first', true],
        ['second', true],
        ['third', true],
      ]);
    }
  });

  it('are passed over when they are sent again, and break off where a piece is missing, once', () => {
    const streams = createDnsStreams();
    const first = bytesOf('first');
    expect(texts(streams.take(piece(100, first)))).toEqual([['first', true]]);
    expect(texts(streams.take(piece(100, first)))).toEqual([]);
    expect(streams.take(piece(200, first))).toBe('broken');
    expect(streams.take(piece(100 + first.length, first))).toEqual([]);
    // Another socket at the same ends, and the other direction, have streams of their own.
    expect(texts(streams.take(piece(200, first, { socket: 6n })))).toEqual([['first', true]]);
    expect(texts(streams.take(piece(1, first, { direction: 'received' })))).toEqual([['first', true]]);
  });

  it('are told as far as they were read, and what comes behind them is found again', () => {
    const streams = createDnsStreams();
    const long = bytesOf('x'.repeat(3000));
    const [cut] = [streams.take(piece(0, long.slice(0, 1023), { length: 2000 }))];
    expect(cut).toMatchObject([{ isWhole: false }]);
    expect(streams.take(piece(2000, long.slice(2000, 2100), { length: 1002 }))).toEqual([]);
    expect(texts(streams.take(piece(3002, bytesOf('next'))))).toEqual([['next', true]]);
    // One that begins where nothing was read.
    expect(streams.take(piece(3008, bytesOf('last'), { length: 2000 }))).toBe('broken');
  });

  it('are of no more streams than are remembered', () => {
    const streams = createDnsStreams();
    for (let port = 1; port < 3000; port += 1)
      streams.take(piece(0, [0], { from: { address: Uint8Array.of(10, 0, 0, 7), port } }));
    expect(streams.size()).toBe(1024);
  });
});
