/**
 * Classic BPF (`linux/filter.h`, bpf(4)) for netlink sockets: works on every kernel and drops messages before they cost
 * buffer space.
 */
export type FilterProgram = Uint8Array;

/** A program that keeps a message when the host-order word at `offset` is one of `values`. */
export const keepWhenWordIs = (offset: number, values: readonly number[]): FilterProgram => {
  if (values.length > 200) throw new Error('A filter compares with at most 200 values.');
  const instructions: Instruction[] = [{ code: loadWord, jumpTrue: 0, jumpFalse: 0, value: offset }];
  values.forEach((value, index) => {
    // A jump counts the instructions it leaps over: the other comparisons and the refusal.
    const jumpTrue = values.length - index;
    instructions.push({ code: jumpIfEqual, jumpTrue, jumpFalse: 0, value: swap32(value) });
  });
  instructions.push({ code: returnConstant, jumpTrue: 0, jumpFalse: 0, value: 0 });
  instructions.push({ code: returnConstant, jumpTrue: 0, jumpFalse: 0, value: 0xffff_ffff });
  return encode(instructions);
};

type Instruction = {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly value: number;
};

/** BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K. */
const loadWord = 0x20;
const jumpIfEqual = 0x15;
const returnConstant = 0x06;

/** A classic BPF load reads network order, the connector writes host order. */
const swap32 = (value: number): number => {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return view.getUint32(0, false);
};

const encode = (instructions: readonly Instruction[]): FilterProgram => {
  const bytes = new Uint8Array(instructions.length * 8);
  const view = new DataView(bytes.buffer);
  instructions.forEach((instruction, index) => {
    view.setUint16(index * 8, instruction.code, true);
    view.setUint8(index * 8 + 2, instruction.jumpTrue);
    view.setUint8(index * 8 + 3, instruction.jumpFalse);
    view.setUint32(index * 8 + 4, instruction.value, true);
  });
  return bytes;
};
