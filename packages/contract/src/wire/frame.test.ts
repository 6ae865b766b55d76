import { crc32, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { channels, decodeFrame, encodeFrame, type Frame, frameLimits } from './frame.ts';

const frame = (body: string, changes: Partial<Frame> = {}): Frame => ({
  channel: 'inventory',
  epoch: 7,
  seq: 42,
  body: Buffer.from(body),
  ...changes,
});

describe('frames', () => {
  it.each(channels)('carry a body on %s both ways', (channel) => {
    const small = frame('{"kind":"x"}\n', { channel });
    expect(decodeFrame(encodeFrame(small))).toEqual({ ok: true, value: small });
  });

  it('compress large bodies and give the same bytes back', () => {
    const large = frame('{"kind":"put","text":"aaaaaaaaaaaaaaaa"}\n'.repeat(5000));
    const encoded = encodeFrame(large);
    expect(encoded.length).toBeLessThan(large.body.length / 10);
    expect(decodeFrame(encoded)).toEqual({ ok: true, value: large });
  });

  it('are refused by the encoder when they would not fit', () => {
    const random = Buffer.alloc(frameLimits.frameBytes + 1);
    for (let i = 0; i < random.length; i += 1) random[i] = (i * 2_654_435_761) >>> 24;
    expect(() => encodeFrame({ ...frame(''), body: Buffer.alloc(frameLimits.bodyBytes + 1) })).toThrow(RangeError);
  });

  const valid = encodeFrame(frame('{"kind":"x"}\n'));
  const changed = (offset: number, value: number): Buffer => {
    const copy = Buffer.from(valid);
    copy[offset] = value;
    return copy;
  };
  it.each([
    ['frame-too-short', valid.subarray(0, 23)],
    ['frame-too-short', Buffer.alloc(0)],
    ['frame-too-large', Buffer.alloc(frameLimits.frameBytes + 1)],
    ['frame-magic', changed(0, 0)],
    ['frame-version', changed(1, 99)],
    ['frame-channel', changed(2, 9)],
    ['frame-flags', changed(3, 0x80)],
    ['frame-sequence', changed(15, 0)],
    ['frame-sequence', changed(8, 0xff)],
    ['frame-length', valid.subarray(0, valid.length - 1)],
    ['frame-checksum', changed(valid.length - 1, 0)],
    ['frame-checksum', changed(20, 0)],
  ])('are refused with %s', (code, data) => {
    expect(decodeFrame(Buffer.from(data))).toMatchObject({ ok: false, error: { code } });
  });

  it('do not decompress beyond the limit', () => {
    const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(frameLimits.frameBytes);
    const header = Buffer.from(encodeFrame(frame('{"kind":"x"}\n')).subarray(0, frameLimits.headerBytes));
    header[3] = 1;
    header.writeUInt32BE(bomb.length, 16);
    header.writeUInt32BE(crc32(bomb), 20);
    expect(decodeFrame(Buffer.concat([header, bomb]))).toMatchObject({
      ok: false,
      error: { code: 'frame-compression' },
    });
  });

  it('survive any bytes', () => {
    for (let round = 0; round < 2000; round += 1) {
      const noise = Buffer.from(valid);
      for (let i = 0; i < 3; i += 1) noise[(round * 7 + i * 13) % noise.length] = (round * 31 + i) & 0xff;
      expect(() => decodeFrame(noise)).not.toThrow();
    }
  });
});
