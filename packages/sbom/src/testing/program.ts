/** A 64-bit ELF file with these sections; each is loaded at its offset plus `loadAddress`. */
export const loadAddress = 0x400000;

export const elfOf = (sections: Readonly<Record<string, Buffer>>): Buffer => {
  const names = ['', ...Object.keys(sections), '.shstrtab'];
  const nameTable = Buffer.from(`${names.join('\0')}\0`, 'latin1');
  const bodies = [...Object.values(sections), nameTable];
  const parts: Buffer[] = [Buffer.alloc(4096)];
  const headers: Buffer[] = [Buffer.alloc(64)];
  let offset = 4096;
  let nameAt = 1;
  for (const [index, body] of bodies.entries()) {
    const header = Buffer.alloc(64);
    header.writeUInt32LE(nameAt, 0);
    header.writeUInt32LE(1, 4);
    header.writeBigUInt64LE(BigInt(offset + loadAddress), 16);
    header.writeBigUInt64LE(BigInt(offset), 24);
    header.writeBigUInt64LE(BigInt(body.length), 32);
    headers.push(header);
    nameAt += (names[index + 1] ?? '').length + 1;
    const padded = Buffer.concat([body, Buffer.alloc((16 - (body.length % 16)) % 16)]);
    parts.push(padded);
    offset += padded.length;
  }
  const head = parts[0] ?? Buffer.alloc(0);
  head.write('\x7fELF\x02\x01\x01', 'latin1');
  head.writeBigUInt64LE(BigInt(offset), 40);
  head.writeUInt16LE(64, 58);
  head.writeUInt16LE(headers.length, 60);
  head.writeUInt16LE(headers.length - 1, 62);
  return Buffer.concat([...parts, ...headers]);
};

/** A 64-bit Mach-O file with one segment of these sections. */
export const machOOf = (sections: Readonly<Record<string, Buffer>>): Buffer => {
  const entries = Object.entries(sections);
  const head = Buffer.alloc(4096);
  head.writeUInt32LE(0xfeedfacf, 0);
  head.writeUInt32LE(1, 16);
  head.writeUInt32LE(72 + entries.length * 80, 20);
  head.writeUInt32LE(0x19, 32);
  head.writeUInt32LE(72 + entries.length * 80, 36);
  head.writeUInt32LE(entries.length, 32 + 64);
  let offset = head.length;
  for (const [index, [name, body]] of entries.entries()) {
    const at = 32 + 72 + index * 80;
    head.write(name, at, 16, 'latin1');
    head.writeBigUInt64LE(BigInt(offset + loadAddress), at + 32);
    head.writeBigUInt64LE(BigInt(body.length), at + 40);
    head.writeUInt32LE(offset, at + 48);
    offset += body.length;
  }
  return Buffer.concat([head, ...entries.map(([, body]) => body)]);
};

/** A 32-bit PE file with these sections; `directories` are relative addresses and sizes by number. */
export const peOf = (
  sections: Readonly<Record<string, Buffer>>,
  directories: Readonly<Record<number, readonly [number, number]>> = {},
): Buffer => {
  const entries = Object.entries(sections);
  const head = Buffer.alloc(4096);
  head.write('MZ', 'latin1');
  head.writeUInt32LE(64, 60);
  head.write('PE\0\0', 64, 'latin1');
  head.writeUInt16LE(entries.length, 70);
  head.writeUInt16LE(224, 84);
  head.writeUInt16LE(0x10b, 88);
  for (const [index, [address, sizeBytes]] of Object.entries(directories)) {
    head.writeUInt32LE(address, 88 + 96 + Number(index) * 8);
    head.writeUInt32LE(sizeBytes, 88 + 100 + Number(index) * 8);
  }
  let offset = head.length;
  for (const [index, [name, body]] of entries.entries()) {
    const at = 88 + 224 + index * 40;
    head.write(name, at, 8, 'latin1');
    head.writeUInt32LE(offset, at + 12);
    head.writeUInt32LE(body.length, at + 16);
    head.writeUInt32LE(offset, at + 20);
    offset += body.length;
  }
  return Buffer.concat([head, ...entries.map(([, body]) => body)]);
};
