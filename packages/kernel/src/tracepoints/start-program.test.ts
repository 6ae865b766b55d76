import { describe, expect, it } from 'vitest';
import { assemble, instructionBytes } from '../bpf/assembler.ts';
import { helpers } from '../bpf/constants.ts';
import { stackLayout, writeStarted } from './start-program.ts';
import { createTraceWriter } from './trace-writer.ts';

const format = { id: 1, fields: new Map([['filename', { offset: 8, sizeBytes: 4 }]]) };
const environment = { index: 0, countersFd: 3, scratchFd: 4, buffersFd: 5 };

const stepsOf = (architecture: string) => {
  const bytes = assemble((asm) =>
    writeStarted(createTraceWriter(asm, environment), format, stackLayout(architecture, 65_536)),
  );
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / instructionBytes }, (_, index) => {
    const at = index * instructionBytes;
    return { code: view.getUint8(at), offset: view.getInt16(at + 2, true), value: view.getInt32(at + 4, true) };
  });
};

/** Classes of jumps in the lower three bits, what they do in the upper four (RFC 9669). */
const jumpClass = 0x05;
const call = 0x85;
const exit = 0x95;
/** Up to `sge`: those below came with Linux 4.14 itself. */
const oldJumps = [0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70];
/** Of Linux 4.11 and before. */
const oldHelpers = new Set<number>([
  ...[helpers.mapLookupElement, helpers.probeRead, helpers.ktimeGetNs, helpers.getCurrentPidTgid],
  ...[helpers.getCurrentUidGid, helpers.getCurrentComm, helpers.perfEventOutput, helpers.probeReadString],
]);

describe.each(['x64', 'arm64'])('the program at the tracepoint of starts, on %s', (architecture) => {
  const steps = stepsOf(architecture);
  const jumps = steps.filter(({ code }) => (code & 0x07) === jumpClass && code !== call && code !== exit);

  it('has no instruction, jump or helper that an old kernel does not know', () => {
    expect(steps.length).toBeLessThan(4096);
    expect(steps.filter(({ code }) => (code & 0x07) === 0x06)).toEqual([]);
    expect(jumps.filter(({ code }) => !oldJumps.includes(code & 0xf0))).toEqual([]);
    expect(steps.filter(({ code, value }) => code === call && !oldHelpers.has(value))).toEqual([]);
  });

  it('never jumps back, which no kernel before 5.3 takes', () => {
    expect(jumps.length).toBeGreaterThan(10);
    expect(jumps.filter(({ offset }) => offset < 0)).toEqual([]);
  });
});

it('looks for registers where each processor’s kernel has them', () => {
  expect(stackLayout('x64', 4096)).toMatchObject({ kernelStackBytes: 16_384, registerBytes: [168], stackPointer: 152 });
  expect(stackLayout('arm64', 4096)).toMatchObject({ kernelStackBytes: 16_384, registerBytes: [336, 320] });
  // With large pages the kernel's stacks are one page each.
  expect(stackLayout('arm64', 65_536)).toMatchObject({ kernelStackBytes: 65_536, stackPointer: 248 });
});
