/**
 * Programs for the kernel's BPF machine (RFC 9669, "BPF Instruction Set Architecture"), written as calls: one call, one
 * instruction, jumps by label. What comes out is the bytes that `bpf(2)` takes.
 */
export type Assembler = {
  /** `to = value`; a number is a 32-bit signed immediate, extended to 64 bits. */
  readonly move: (to: Register, value: Register | number) => void;
  /** `to = value` for any 64-bit value. */
  readonly moveLong: (to: Register, value: bigint) => void;
  /** `to =` the map with this file descriptor. */
  readonly moveMap: (to: Register, mapFd: number) => void;
  readonly alu: (operation: AluOperation, to: Register, value: Register | number) => void;
  /** Turns a value of network order into host order and back; `bits` of it remain. */
  readonly toBigEndian: (register: Register, bits: 16 | 32 | 64) => void;
  /** `to = *(from + offset)`, zero-extended. */
  readonly load: (size: AccessSize, to: Register, from: Register, offset: number) => void;
  /** `*(to + offset) = value`. */
  readonly store: (size: AccessSize, to: Register, offset: number, value: Register | number) => void;
  /** Atomically `*(to + offset) += value`. */
  readonly atomicAdd: (size: 4 | 8, to: Register, offset: number, value: Register) => void;
  readonly jump: (target: string) => void;
  readonly jumpIf: (condition: Condition, left: Register, right: Register | number, target: string) => void;
  readonly label: (name: string) => void;
  /** A label name that nothing else has. */
  readonly fresh: (name: string) => string;
  readonly call: (helper: number) => void;
  readonly exit: () => void;
};

/** r0 result, r1-r5 arguments (lost by a call), r6-r9 kept over calls, r10 the end of 512 bytes of stack (read only). */
export type Register = `r${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10}`;
/** Bytes of a memory access. */
export type AccessSize = 1 | 2 | 4 | 8;
export type AluOperation = keyof typeof aluOperations;
export type Condition = keyof typeof conditions;

/** An instruction is 8 bytes; a 64-bit immediate takes two. */
export const instructionBytes = 8;

/** Writes a program. Throws for a jump to nowhere, a label set twice and values that do not fit: bugs of the program. */
export const assemble = (write: (asm: Assembler) => void): Uint8Array => {
  const instructions: Instruction[] = [];
  const labels = new Map<string, number>();
  write(createAssembler(instructions, labels));
  return encode(instructions, labels);
};

const aluOperations = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  xor: 0xa0,
} as const;
const conditions = {
  eq: 0x10,
  gt: 0x20,
  ge: 0x30,
  set: 0x40,
  ne: 0x50,
  sgt: 0x60,
  sge: 0x70,
  lt: 0xa0,
  le: 0xb0,
  slt: 0xc0,
  sle: 0xd0,
} as const;
const sizes: Readonly<Record<AccessSize, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };

/** Classes and modes of the specification's opcode tables, the size of an access left out. */
const opcode = {
  loadImmediate: 0x18,
  load: 0x61,
  storeImmediate: 0x62,
  storeRegister: 0x63,
  atomic: 0xc3,
  alu64: 0x07,
  toBigEndian: 0xdc,
  move: 0xb7,
  jump: 0x05,
  call: 0x85,
  exit: 0x95,
  registerOperand: 0x08,
} as const;
/** `src` of a wide load that names a map by its file descriptor. */
const mapByFd = 1;

type Instruction = {
  readonly code: number;
  readonly to?: number;
  readonly from?: number;
  readonly offset?: number;
  readonly target?: string;
  readonly value?: number;
};

const createAssembler = (out: Instruction[], labels: Map<string, number>): Assembler => {
  let made = 0;
  const emit = (instruction: Instruction): void => {
    out.push(instruction);
  };
  const wide = (to: Register, from: number, value: bigint): void => {
    emit({ code: opcode.loadImmediate, to: numberOf(to), from, value: Number(BigInt.asIntN(32, value)) });
    emit({ code: 0, value: Number(BigInt.asIntN(32, value >> 32n)) });
  };
  /** The same operation has a form with a register and one with an immediate. */
  const withOperand = (code: number, to: Register, operand: Register | number, rest: Partial<Instruction> = {}): void =>
    emit(
      typeof operand === 'number'
        ? { ...rest, code, to: numberOf(to), value: operand }
        : { ...rest, code: code | opcode.registerOperand, to: numberOf(to), from: numberOf(operand) },
    );
  return {
    move: (to, value) => withOperand(opcode.move, to, value),
    moveLong: (to, value) => wide(to, 0, value),
    moveMap: (to, mapFd) => wide(to, mapByFd, BigInt(mapFd)),
    alu: (operation, to, value) => withOperand(opcode.alu64 | aluOperations[operation], to, value),
    toBigEndian: (register, bits) => emit({ code: opcode.toBigEndian, to: numberOf(register), value: bits }),
    load: (size, to, from, offset) =>
      emit({ code: opcode.load | sizes[size], to: numberOf(to), from: numberOf(from), offset }),
    store: (size, to, offset, value) =>
      emit(
        typeof value === 'number'
          ? { code: opcode.storeImmediate | sizes[size], to: numberOf(to), offset, value }
          : { code: opcode.storeRegister | sizes[size], to: numberOf(to), from: numberOf(value), offset },
      ),
    atomicAdd: (size, to, offset, value) =>
      emit({ code: opcode.atomic | sizes[size], to: numberOf(to), from: numberOf(value), offset, value: 0 }),
    jump: (target) => emit({ code: opcode.jump, target }),
    jumpIf: (condition, left, right, target) =>
      withOperand(opcode.jump | conditions[condition], left, right, { target }),
    label: (name) => {
      if (labels.has(name)) throw new Error(`The label ${name} is set twice.`);
      labels.set(name, out.length);
    },
    fresh: (name) => {
      made += 1;
      return `${name}#${made}`;
    },
    call: (helper) => emit({ code: opcode.call, value: helper }),
    exit: () => emit({ code: opcode.exit }),
  };
};

const numberOf = (register: Register): number => Number(register.slice(1));

const encode = (instructions: readonly Instruction[], labels: ReadonlyMap<string, number>): Uint8Array => {
  const bytes = new Uint8Array(instructions.length * instructionBytes);
  const view = new DataView(bytes.buffer);
  instructions.forEach((instruction, index) => {
    const at = index * instructionBytes;
    view.setUint8(at, instruction.code);
    view.setUint8(at + 1, ((instruction.from ?? 0) << 4) | (instruction.to ?? 0));
    view.setInt16(at + 2, fitting(jumpOffset(instruction, index, labels), 16), true);
    view.setInt32(at + 4, fitting(instruction.value ?? 0, 32), true);
  });
  return bytes;
};

/** A jump counts from the instruction after it. */
const jumpOffset = (instruction: Instruction, index: number, labels: ReadonlyMap<string, number>): number => {
  if (instruction.target === undefined) return instruction.offset ?? 0;
  const target = labels.get(instruction.target);
  if (target === undefined) throw new Error(`There is no label ${instruction.target} to jump to.`);
  return target - index - 1;
};

const fitting = (value: number, bits: 16 | 32): number => {
  if (!Number.isInteger(value) || value < -(2 ** (bits - 1)) || value >= 2 ** (bits - 1))
    throw new Error(`${value} does not fit into ${bits} bits of an instruction.`);
  return value;
};
