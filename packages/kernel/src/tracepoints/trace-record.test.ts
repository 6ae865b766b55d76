import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeTrace, startPart, traceHead, traceKinds, traceTimeOf } from './trace-record.ts';

const recordOf = (filename: string, packed: string): Buffer => {
  const head = Buffer.alloc(startPart.strings);
  head.writeUInt32LE(traceKinds.start, traceHead.kind);
  head.writeUInt32LE(42, traceHead.pid);
  head.writeBigUInt64LE(77n, traceHead.atNs);
  head.writeUInt32LE(7, traceHead.uid);
  head.writeUInt32LE(8, traceHead.gid);
  head.write('shell\0old bytes', traceHead.comm);
  const name = Buffer.from(`${filename}\0`);
  const rest = Buffer.from(packed);
  head.writeUInt16LE(name.length, startPart.filenameLength);
  head.writeUInt16LE(rest.length, startPart.argumentsLength);
  head.writeUInt32LE(rest.length, startPart.argumentsTotal);
  // As the kernel fills up.
  return Buffer.concat([head, name, rest, Buffer.from('fill')]);
};

test('a start is read as it was written', () => {
  const record = recordOf('/bin/sh', 'sh\0\0-c\0');
  expect(traceTimeOf(record)).toBe(77);
  expect(decodeTrace(record)).toEqual({
    ...{ monotonicNs: 77n, pid: 42, uid: 7, gid: 8, comm: 'shell', filename: '/bin/sh' },
    ...{ arguments: ['sh', '', '-c'], argumentsBytes: 7, argumentsTotalBytes: 7 },
  });
  expect(decodeTrace(recordOf('./run', ''))).toMatchObject({ filename: './run', arguments: undefined });
  expect(decodeTrace(recordOf('x', 'cut he'))).toMatchObject({ arguments: ['cut he'] });
});

test('any bytes are read without a crash, and those of other kinds not at all', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      traceTimeOf(bytes);
      decodeTrace(bytes);
      const marked = Buffer.from(bytes);
      if (marked.length >= 4) marked.writeUInt32LE(traceKinds.start, 0);
      decodeTrace(marked);
    }),
  );
  expect(decodeTrace(new Uint8Array(64))).toBeUndefined();
});
