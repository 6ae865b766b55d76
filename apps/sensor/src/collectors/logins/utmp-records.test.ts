import { describe, expect, it } from 'vitest';
import { utmpRecord } from './testing/utmp-record.ts';
import { parseUtmpRecord, utmpLayouts } from './utmp-records.ts';

describe.each(Object.entries(utmpLayouts))('records of wtmp on %s', (_name, layout) => {
  it('are read to the microsecond, with their address', () => {
    const record = { type: 7, pid: 4711, line: 'pts/0', user: 'ann', host: 'box.example', seconds: 1_795_860_000 };
    expect(parseUtmpRecord(utmpRecord(layout, { ...record, address: [192, 0, 2, 7] }), layout)).toEqual({
      ...{ kind: 'came', pid: 4711, line: 'pts/0', user: 'ann', host: 'box.example', address: '192.0.2.7' },
      atUs: 1_795_860_000_000_042,
    });
    const sixteen = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    expect(parseUtmpRecord(utmpRecord(layout, { ...record, type: 8, address: sixteen }), layout)).toMatchObject({
      kind: 'went',
      address: '2001:db8::1',
    });
  });

  it('may fill their fields to the last byte', () => {
    const full = utmpRecord(layout, { type: 7, line: 'l'.repeat(32), user: 'u'.repeat(32), host: 'h'.repeat(256) });
    expect(parseUtmpRecord(full, layout)).toMatchObject({
      ...{ line: 'l'.repeat(32), user: 'u'.repeat(32), host: 'h'.repeat(256), address: undefined },
    });
  });

  it('are about nobody, or none at all', () => {
    expect(parseUtmpRecord(utmpRecord(layout, { type: 1 }), layout)).toBe('other');
    expect(parseUtmpRecord(utmpRecord(layout, { type: 77 }), layout)).toBe('unreadable');
    expect(parseUtmpRecord(Buffer.alloc(layout.bytes, 0xff), layout)).toBe('unreadable');
    expect(parseUtmpRecord(Buffer.alloc(layout.bytes), layout)).toBe('other');
  });
});
