import { expect, it } from 'vitest';
import { assemble, instructionBytes } from '../../bpf/assembler.ts';
import { parseBtf } from '../../bpf/btf.ts';
import { createBtfFile } from '../../bpf/testing/btf-file.ts';
import { resolveOffsets } from '../offsets.ts';
import { createProbeWriter } from '../probe-writer.ts';
import { writeSystemCall } from './system-call.ts';

const registersOf = {
  /** As in `asm/ptrace.h` of x86: each register by name, among them the one of the call's number. */
  x64: { r10: 56, dx: 96, si: 104, di: 112, orig_ax: 120 },
  /** As in that of arm64: a row, then what x0 was, then the number in 4 bytes. */
  arm64: { regs: 0, orig_x0: 272, syscallno: 280 },
} as const;
const threadInfoOf = { x64: { flags: 0, status: 16 }, arm64: { flags: 0 } } as const;

/** The types that the two processors do not share; all else lies 8 bytes into whatever it is in. */
const offsetsOf = (architecture: keyof typeof registersOf) => {
  const file = createBtfFile();
  const int = file.add({ kind: 'int', name: 'int' });
  const struct = (name: string, places: Readonly<Record<string, number>>, type = int): number =>
    file.add({
      ...{ kind: 'struct', name, sizeBytes: 512 },
      members: Object.entries(places).map(([member, at]) => ({ name: member, type, bitOffset: at * 8 })),
    });
  struct('pt_regs', registersOf[architecture]);
  struct('task_struct', { thread_info: 0 }, struct('thread_info', threadInfoOf[architecture]));
  const btf = parseBtf(file.bytes());
  if (!btf.ok) throw new Error(btf.error.message);
  const resolved = resolveOffsets({
    ...btf.value,
    offsetOf: (path) => (path[0] === 'pt_regs' || path[1] === 'thread_info' ? btf.value.offsetOf(path) : 8),
    enumValue: () => 4,
  });
  if (!resolved.ok) throw new Error(resolved.error.message);
  return resolved.value;
};

type Step = { readonly code: number; readonly to: number; readonly from: number; readonly value: number };

const stepsOf = (architecture: keyof typeof registersOf): readonly Step[] => {
  const offsets = offsetsOf(architecture);
  const environment = {
    offsets,
    cgroups: 'unified',
    index: 0,
    countersFd: 3,
    scratchFd: 4,
    ringFd: 5,
    recentFd: 6,
  } as const;
  const bytes = assemble((asm) => writeSystemCall(createProbeWriter(asm, environment), offsets, architecture));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / instructionBytes }, (_, index) => {
    const at = index * instructionBytes;
    const registers = view.getUint8(at + 1);
    return { code: view.getUint8(at), to: registers & 15, from: registers >> 4, value: view.getInt32(at + 4, true) };
  });
};

const codes = { jumpIfEqual: 0x15, jumpIfSet: 0x45, add: 0x07, load4: 0x61, load8: 0x79 } as const;

const seen = (architecture: keyof typeof registersOf) => {
  const steps = stepsOf(architecture);
  const values = (code: number, to: number): number[] =>
    steps.filter((step) => step.code === code && step.to === to).map(({ value }) => value);
  const numberAt = steps.findIndex(
    ({ code, to, from }) => (code === codes.load4 || code === codes.load8) && to === 7 && from === 10,
  );
  return {
    numbers: [...new Set(values(codes.jumpIfEqual, 7))].sort((a, b) => a - b),
    numberLoad: steps[numberAt]?.code,
    numberPlace: steps.slice(0, numberAt).findLast(({ code, to }) => code === codes.add && to === 3)?.value,
    compatBit: values(codes.jumpIfSet, 1),
    places: new Set(values(codes.add, 3)),
  };
};

/** PTRACE_ATTACH and PTRACE_SEIZE are compared in the same register. */
const requests = [16, 0x4206];

it('looks for the numbers and registers of x86-64', () => {
  const program = seen('x64');
  const calls = [101, 105, 106, 113, 114, 117, 119, 126, 165, 272, 308, 310, 311, 429];
  expect(program.numbers).toEqual([...calls, ...requests].sort((a, b) => a - b));
  expect(program).toMatchObject({ numberLoad: codes.load8, numberPlace: 120 });
  expect(new Set(program.compatBit)).toEqual(new Set([2]));
  // The second, third and fourth parameter, the first, and the status of the thread.
  for (const place of [104, 96, 56, 112, 16]) expect(program.places).toContain(place);
});

it('looks for the numbers and registers of arm64, and at no more than the 4 bytes of the number', () => {
  const program = seen('arm64');
  const calls = [40, 91, 97, 117, 143, 144, 145, 146, 147, 149, 268, 270, 271, 429];
  expect(program.numbers).toEqual([...calls, ...requests].sort((a, b) => a - b));
  expect(program).toMatchObject({ numberLoad: codes.load4, numberPlace: 280 });
  expect(new Set(program.compatBit)).toEqual(new Set([1 << 22]));
  // The second to fourth parameter in their row; what the first was before the result took its place.
  for (const place of [8, 16, 24, 272]) expect(program.places).toContain(place);
  for (const place of [104, 96, 56, 112]) expect(program.places).not.toContain(place);
});
