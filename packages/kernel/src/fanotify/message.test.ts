import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileMasks, folderKey, parseFileNotices } from './message.ts';

const fileSystem = Buffer.from('12345678');
/** `struct file_handle`: 4 bytes, type 1. */
const handle = Buffer.from([4, 0, 0, 0, 1, 0, 0, 0, 9, 9, 9, 9]);

const info = (type: number, name: string): Buffer => {
  const body = Buffer.concat([fileSystem, handle, Buffer.from(`${name}\0`)]);
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
  const head = Buffer.from([type, 0, 0, 0]);
  head.writeUInt16LE(head.length + padded.length, 2);
  return Buffer.concat([head, padded]);
};

const notice = (mask: number, pid: number, fd: number, ...infos: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(infos);
  const head = Buffer.alloc(24);
  head.writeUInt32LE(head.length + body.length, 0);
  head[4] = 3;
  head.writeUInt16LE(head.length, 6);
  head.writeUInt32LE(mask, 8);
  head.writeInt32LE(fd, 16);
  head.writeInt32LE(pid, 20);
  return Buffer.concat([head, body]);
};

const folder = folderKey(fileSystem, handle);

describe('what the kernel tells of files', () => {
  it('is read one after another, with the names in their folders', () => {
    const bytes = Buffer.concat([
      notice(fileMasks.create, 7, -1, info(2, 'new file')),
      notice(fileMasks.rename, 8, -1, info(10, 'was'), info(12, 'is')),
      notice(fileMasks.closeWrite, 9, 5),
      notice(fileMasks.overflow, 0, -1),
    ]);
    const none = { at: undefined, from: undefined, to: undefined, fd: undefined };
    expect(parseFileNotices(bytes)).toEqual([
      { ...none, mask: fileMasks.create, pid: 7, at: { folder, name: 'new file' } },
      { ...none, mask: fileMasks.rename, pid: 8, from: { folder, name: 'was' }, to: { folder, name: 'is' } },
      { ...none, mask: fileMasks.closeWrite, pid: 9, fd: 5 },
      { ...none, mask: fileMasks.overflow, pid: 0 },
    ]);
  });

  it('never leads beyond the bytes, whatever they say', () => {
    const whole = notice(fileMasks.create, 7, -1, info(2, 'name'), info(10, 'other'));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, value, length) => {
        const bytes = Buffer.from(whole);
        bytes[at] = value;
        for (const { at: place } of parseFileNotices(bytes.subarray(0, length)))
          expect(place?.name.length ?? 0).toBeLessThanOrEqual(whole.length);
      }),
    );
  });
});
