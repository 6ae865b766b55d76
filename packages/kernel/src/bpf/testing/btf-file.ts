/** Writes small BTF files for tests. Types are numbered from 1 in the order in which they are added. */
export type BtfFile = {
  readonly add: (type: BtfType) => number;
  readonly bytes: () => Buffer;
};

export type BtfType =
  | { readonly kind: 'int' | 'pointer' | 'const' | 'typedef'; readonly name?: string; readonly type?: number }
  | {
      readonly kind: 'struct' | 'union';
      readonly name?: string;
      readonly sizeBytes: number;
      /** `bitSize` other than 0 makes a bit field. */
      readonly members: readonly {
        readonly name?: string;
        readonly type: number;
        readonly bitOffset: number;
        readonly bitSize?: number;
      }[];
    }
  | {
      readonly kind: 'enum';
      readonly name: string;
      readonly members: readonly { readonly name: string; readonly value: number }[];
    };

const kindNumbers = { int: 1, pointer: 2, struct: 4, union: 5, enum: 6, typedef: 8, const: 10 } as const;

export const createBtfFile = (): BtfFile => {
  const strings: Buffer[] = [Buffer.from('\0')];
  let stringBytes = 1;
  const types: Buffer[] = [];
  const nameOf = (name: string | undefined): number => {
    if (name === undefined) return 0;
    const at = stringBytes;
    const bytes = Buffer.from(`${name}\0`);
    strings.push(bytes);
    stringBytes += bytes.length;
    return at;
  };
  return {
    add: (type) => {
      types.push(encodeType(type, nameOf));
      return types.length;
    },
    bytes: () => {
      const body = Buffer.concat(types);
      const header = Buffer.alloc(24);
      header.writeUInt16LE(0xeb9f, 0);
      header.writeUInt8(1, 2);
      header.writeUInt32LE(24, 4);
      header.writeUInt32LE(body.length, 12);
      header.writeUInt32LE(body.length, 16);
      header.writeUInt32LE(stringBytes, 20);
      return Buffer.concat([header, body, ...strings]);
    },
  };
};

const words = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, index * 4);
  return bytes;
};

const encodeType = (type: BtfType, nameOf: (name: string | undefined) => number): Buffer => {
  const info = (parts: number, flag = 0): number => ((flag << 31) | (kindNumbers[type.kind] << 24) | parts) >>> 0;
  switch (type.kind) {
    case 'int':
      return words(nameOf(type.name), info(0), 4, 32);
    case 'pointer':
    case 'const':
    case 'typedef':
      return words(nameOf(type.name), info(0), type.type ?? 0);
    case 'enum':
      return words(
        nameOf(type.name),
        info(type.members.length),
        4,
        ...type.members.flatMap(({ name, value }) => [nameOf(name), value]),
      );
    case 'struct':
    case 'union':
      return words(
        nameOf(type.name),
        info(type.members.length, type.members.some(({ bitSize }) => bitSize !== undefined) ? 1 : 0),
        type.sizeBytes,
        ...type.members.flatMap((member) => [
          nameOf(member.name),
          member.type,
          ((member.bitSize ?? 0) << 24) | member.bitOffset,
        ]),
      );
  }
};
