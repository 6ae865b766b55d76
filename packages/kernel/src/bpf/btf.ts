import { fail, ok, type Problem, problem, type Result } from '@parapet/core';

/**
 * Types of the running kernel, from its BTF (`/sys/kernel/btf/vmlinux`; format: the kernel's Documentation/bpf/btf.rst).
 * Only places of members and values of enumerations are looked up, so nothing is kept of a type but where it begins.
 */
export type Btf = {
  /**
   * Byte offset of a member, through embedded and nameless structures: `['sock', '__sk_common', 'skc_dport']`. `undefined`
   * when the kernel has no such structure or member, or when it is a bit field.
   */
  readonly offsetOf: (path: MemberPath) => number | undefined;
  /** Value of an enumerator, e.g. `enumValue('cgroup_subsys_id', 'memory_cgrp_id')`. */
  readonly enumValue: (name: string, member: string) => number | undefined;
  /** Size of a structure in bytes. */
  readonly sizeOf: (name: string) => number | undefined;
};

/** A structure and the way to a member inside it. */
export type MemberPath = readonly [structure: string, ...members: string[]];

/** Reads BTF of this machine's byte order. Everything in it is checked against its length: a broken file is a problem, not a crash. */
export const parseBtf = (bytes: Buffer): Result<Btf, Problem> => {
  if (bytes.length < headerBytes || bytes.readUInt16LE(0) !== btfMagic)
    return fail(problem('bad-btf', 'The kernel’s type information does not begin as BTF does.'));
  const start = bytes.readUInt32LE(4);
  const section = (offset: number, length: number): Buffer => bytes.subarray(start + offset, start + offset + length);
  const types = section(bytes.readUInt32LE(8), bytes.readUInt32LE(12));
  const strings = section(bytes.readUInt32LE(16), bytes.readUInt32LE(20));
  const positions = indexTypes(types);
  return positions === undefined
    ? fail(problem('bad-btf', 'The kernel’s type information is cut off or of an unknown kind.'))
    : ok(createLookups({ types, strings, positions }));
};

const btfMagic = 0xeb9f;
const headerBytes = 24;
const typeBytes = 12;

/** Kinds by number, with what follows the 12 bytes of every type: fixed bytes and bytes for each of its `vlen` parts. */
const kinds: Readonly<Record<number, { readonly fixed: number; readonly each: number }>> = {
  1: { fixed: 4, each: 0 },
  2: { fixed: 0, each: 0 },
  3: { fixed: 12, each: 0 },
  4: { fixed: 0, each: 12 },
  5: { fixed: 0, each: 12 },
  6: { fixed: 0, each: 8 },
  7: { fixed: 0, each: 0 },
  8: { fixed: 0, each: 0 },
  9: { fixed: 0, each: 0 },
  10: { fixed: 0, each: 0 },
  11: { fixed: 0, each: 0 },
  12: { fixed: 0, each: 0 },
  13: { fixed: 0, each: 8 },
  14: { fixed: 4, each: 0 },
  15: { fixed: 0, each: 12 },
  16: { fixed: 0, each: 0 },
  17: { fixed: 4, each: 0 },
  18: { fixed: 0, each: 0 },
  19: { fixed: 0, each: 12 },
};
const kindStruct = 4;
const kindUnion = 5;
const kindEnum = 6;
/** Typedef, volatile, const, restrict, type tag: they stand for the type they name. */
const transparentKinds = new Set([8, 9, 10, 11, 18]);

type Sections = {
  readonly types: Buffer;
  readonly strings: Buffer;
  /** Where type number n begins; 0 is `void`. */
  readonly positions: Uint32Array;
};

const indexTypes = (types: Buffer): Uint32Array | undefined => {
  const positions = new Uint32Array(Math.floor(types.length / typeBytes) + 2);
  let count = 1;
  let at = 0;
  while (at < types.length) {
    if (at + typeBytes > types.length) return undefined;
    const info = types.readUInt32LE(at + 4);
    const layout = kinds[(info >>> 24) & 0x1f];
    if (layout === undefined) return undefined;
    positions[count] = at;
    count += 1;
    at += typeBytes + layout.fixed + layout.each * (info & 0xffff);
  }
  return at === types.length ? positions.slice(0, count) : undefined;
};

type Member = { readonly bitOffset: number; readonly type: number };

/** Nameless structures nest a few deep in the kernel; more is a loop in a broken file. */
const maxNesting = 16;

const createLookups = ({ types, strings, positions }: Sections): Btf => {
  const infoAt = (at: number): number => types.readUInt32LE(at + 4);
  const kindAt = (at: number): number => (infoAt(at) >>> 24) & 0x1f;
  const isNamed = (nameOffset: number, name: string): boolean =>
    strings.length > nameOffset + name.length &&
    strings[nameOffset + name.length] === 0 &&
    strings.toString('latin1', nameOffset, nameOffset + name.length) === name;
  const found = new Map<string, number | undefined>();

  const find = (name: string, wanted: readonly number[]): number | undefined => {
    const key = `${wanted.join()} ${name}`;
    if (!found.has(key)) found.set(key, search(name, wanted));
    return found.get(key);
  };
  const search = (name: string, wanted: readonly number[]): number | undefined => {
    for (const at of positions.subarray(1))
      if (wanted.includes(kindAt(at)) && isNamed(types.readUInt32LE(at), name)) return at;
    return undefined;
  };

  /** The structure that a type number stands for, `const` and the like taken away. */
  const structureOf = (type: number): number | undefined => {
    let next = type;
    for (let step = 0; step < maxNesting; step += 1) {
      const at = next === 0 ? undefined : positions[next];
      if (at === undefined) return undefined;
      const kind = kindAt(at);
      if (kind === kindStruct || kind === kindUnion) return at;
      if (!transparentKinds.has(kind)) return undefined;
      next = types.readUInt32LE(at + 8);
    }
    return undefined;
  };

  const memberOf = (structure: number, name: string, depth = 0): Member | undefined => {
    if (depth > maxNesting) return undefined;
    const info = infoAt(structure);
    const hasBitFields = info >>> 31 === 1;
    for (let index = 0; index < (info & 0xffff); index += 1) {
      const at = structure + typeBytes + index * 12;
      const nameOffset = types.readUInt32LE(at);
      const type = types.readUInt32LE(at + 4);
      const placed = types.readUInt32LE(at + 8);
      const bitOffset = hasBitFields ? placed & 0xff_ffff : placed;
      if (nameOffset !== 0 && isNamed(nameOffset, name)) return { bitOffset, type };
      if (nameOffset !== 0) continue;
      const inner = structureOf(type);
      const member = inner === undefined ? undefined : memberOf(inner, name, depth + 1);
      if (member !== undefined) return { ...member, bitOffset: bitOffset + member.bitOffset };
    }
    return undefined;
  };

  return {
    offsetOf: ([structure, ...members]) => {
      let at = find(structure, [kindStruct, kindUnion]);
      let bits = 0;
      for (const name of members) {
        const member = at === undefined ? undefined : memberOf(at, name);
        if (member === undefined) return undefined;
        bits += member.bitOffset;
        at = structureOf(member.type);
      }
      return at === undefined && members.length === 0 ? undefined : bits % 8 === 0 ? bits / 8 : undefined;
    },
    enumValue: (name, member) => {
      const at = find(name, [kindEnum]);
      if (at === undefined) return undefined;
      for (let index = 0; index < (infoAt(at) & 0xffff); index += 1) {
        const entry = at + typeBytes + index * 8;
        if (isNamed(types.readUInt32LE(entry), member)) return types.readInt32LE(entry + 4);
      }
      return undefined;
    },
    sizeOf: (name) => {
      const at = find(name, [kindStruct, kindUnion]);
      return at === undefined ? undefined : types.readUInt32LE(at + 8);
    },
  };
};
