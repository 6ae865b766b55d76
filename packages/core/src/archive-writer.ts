import { crc32 } from 'node:zlib';
import { tarEnd, tarHeader, tarPadding } from './tar-writer.ts';

export type WrittenFile = { readonly name: string; readonly content: Buffer | string };

/** A zip archive of some small files, stored uncompressed (APPNOTE 4.3). */
export const writeZip = (files: readonly WrittenFile[]): Buffer => {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of files) {
    const data = Buffer.from(content);
    const path = Buffer.from(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(data), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(data.length, 18);
    fields.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), fields, path, data]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), fields, place, path]));
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, listed, Buffer.from('PK\u0005\u0006'), end]);
};

/** A tar archive of some small files, readable by their owner alone. */
export const writeTar = (files: readonly WrittenFile[]): Buffer =>
  Buffer.concat([
    ...files.flatMap(({ name, content }) => {
      const data = Buffer.from(content);
      const header = tarHeader({ path: name, kind: 'file', mode: 0o600, sizeBytes: data.length });
      return [header, data, tarPadding(data.length)];
    }),
    tarEnd(),
  ]);
