import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';

export type ArchiveFile = { readonly name: string; readonly content: Buffer | string };

/** Writes a zip. `mangle` edits what the headers say of a file, to make broken ones. */
export const zipOf = (
  files: readonly ArchiveFile[],
  mangle: (name: string) => Partial<{ readonly sizeBytes: number; readonly crc: number }> = () => ({}),
): Buffer => {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of files) {
    const plain = Buffer.from(content);
    const packed = deflateRawSync(plain);
    const { sizeBytes = plain.length, crc = crc32(plain) } = mangle(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x0800, 2);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc, 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(sizeBytes, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), fields, rest, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, directory, end]);
};

/** Writes a tar of files. */
export const tarOf = (files: readonly (ArchiveFile & { readonly type?: string })[]): Buffer =>
  Buffer.concat([
    ...files.flatMap(({ name, content, type = '0' }) => {
      const body = Buffer.from(content);
      return [tarHeader(name, body.length, type), body, Buffer.alloc((512 - (body.length % 512)) % 512)];
    }),
    Buffer.alloc(1024),
  ]);

const tarHeader = (name: string, sizeBytes: number, type: string): Buffer => {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100);
  block.write('0000644\0', 100);
  block.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
};

/** A manifest that lists the files truly. */
export const manifestOf = (files: readonly ArchiveFile[]): string =>
  JSON.stringify({
    title: 'test feeds',
    files: files.map(({ name, content }) => ({
      path: name,
      bytes: Buffer.from(content).length,
      sha256: createHash('sha256').update(content).digest('hex'),
      date: '2026-11-01T00:00:00Z',
      licence: 'CC0-1.0',
    })),
  });
