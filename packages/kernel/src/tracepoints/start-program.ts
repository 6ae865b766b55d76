import { helpers } from '../bpf/constants.ts';
import { libc } from '../libc.ts';
import { startPart, traceCursorMask, traceKinds, traceLimits, traceScratchBytes } from './trace-record.ts';
import type { TraceWriter } from './trace-writer.ts';
import { fieldOf, type TracepointFormat } from './tracefs.ts';

/**
 * `sched:sched_process_exec`: the new program is in place and has not run yet. Its arguments lie one after another where its stack begins, as its
 * first registers say: those lie at the end of the stack that the kernel has for this thread, and where this stack is says the address that the kernel
 * puts before what the tracepoint has, which leads to its own registers.
 */
export const writeStarted = (
  trace: TraceWriter,
  format: TracepointFormat,
  layout: StackLayout = stackLayout(),
): void => {
  const { asm } = trace;
  trace.begin(traceKinds.start);
  trace.put(4, startPart.argumentsTotal, 0);
  trace.put(2, startPart.argumentsLength, 0);
  asm.move('r7', startPart.strings);
  // The lower half is where the text lies in the record.
  asm.load(4, 'r3', 'r6', fieldOf(format, 'filename').offset);
  asm.alu('and', 'r3', 0xffff);
  asm.alu('add', 'r3', 'r6');
  trace.appendString(startPart.filenameLength, traceLimits.filename);
  findStack(trace, layout);
  appendArguments(trace);
  asm.label(submit);
  trace.submit();
};

const submit = 'submit';
/** Below what the writer uses of the stack. */
const slot = { pointer: -16, mode: -24, stack: -32, count: -40, end: -48, length: -56, first: -64 } as const;

/** Places of `struct pt_regs` (`asm/ptrace.h`). */
export type StackLayout = {
  readonly kernelStackBytes: number;
  /** Of what the kernel keeps of a program's registers, as its versions have it. */
  readonly registerBytes: readonly number[];
  readonly stackPointer: number;
  /** What tells programs of 64 bits, by a mask and the value that it leaves. */
  readonly mode: { readonly at: number; readonly mask: number; readonly wide: number };
};

export const stackLayout = (architecture: string = process.arch, pageBytes = libc().getpagesize()): StackLayout =>
  architecture === 'arm64'
    ? {
        ...{ kernelStackBytes: Math.max(16_384, pageBytes), registerBytes: [336, 320], stackPointer: 248 },
        // Of the state of the processor: user mode, and not one of 32 bits.
        mode: { at: 264, mask: 0x1f, wide: 0 },
      }
    : {
        ...{ kernelStackBytes: 16_384, registerBytes: [168], stackPointer: 152 },
        // The code segment of programs of 64 bits.
        mode: { at: 136, mask: 0xffff, wide: 0x33 },
      };

/** The new program's stack to its slot, and how many arguments there are to theirs; or on to the end without arguments. */
const findStack = (trace: TraceWriter, layout: StackLayout): void => {
  const { asm } = trace;
  const found = asm.fresh('found');
  asm.move('r3', 'r6');
  trace.readToStack(slot.pointer, 8);
  asm.load(8, 'r3', 'r10', slot.pointer);
  asm.alu('add', 'r3', layout.stackPointer);
  trace.readToStack(slot.pointer, 8);
  asm.load(8, 'r8', 'r10', slot.pointer);
  asm.alu('or', 'r8', layout.kernelStackBytes - 1);
  asm.alu('add', 'r8', 1);
  for (const bytes of layout.registerBytes) {
    const other = asm.fresh('other');
    const readAt = (to: number, place: number): void => {
      asm.move('r3', 'r8');
      asm.alu('add', 'r3', place - bytes);
      trace.readToStack(to, 8);
    };
    readAt(slot.mode, layout.mode.at);
    asm.load(8, 'r1', 'r10', slot.mode);
    asm.alu('and', 'r1', layout.mode.mask);
    asm.jumpIf('ne', 'r1', layout.mode.wide, other);
    readAt(slot.stack, layout.stackPointer);
    asm.load(8, 'r3', 'r10', slot.stack);
    trace.readToStack(slot.count, 8);
    asm.load(8, 'r1', 'r10', slot.count);
    asm.jumpIf('eq', 'r1', 0, other);
    asm.jumpIf('gt', 'r1', mostArguments, other);
    asm.jump(found);
    asm.label(other);
  }
  asm.jump(submit);
  asm.label(found);
};

/** On the stack: how many arguments, then where each begins, then a zero. */
const appendArguments = (trace: TraceWriter): void => {
  const { asm } = trace;
  const [some, ordered] = [asm.fresh('some'), asm.fresh('ordered')];
  const [short, kept] = [asm.fresh('short'), asm.fresh('kept')];
  asm.load(8, 'r3', 'r10', slot.stack);
  asm.alu('add', 'r3', 8);
  trace.readToStack(slot.first, 8);
  // Where the last one begins; its length is found by copying it to where nothing else lies.
  asm.load(8, 'r3', 'r10', slot.count);
  asm.alu('lsh', 'r3', 3);
  asm.load(8, 'r1', 'r10', slot.stack);
  asm.alu('add', 'r3', 'r1');
  trace.readToStack(slot.end, 8);
  asm.move('r1', 'r9');
  asm.alu('add', 'r1', traceScratchBytes / 2);
  asm.move('r2', traceLimits.arguments);
  asm.load(8, 'r3', 'r10', slot.end);
  asm.call(helpers.probeReadString);
  asm.jumpIf('sgt', 'r0', 0, some);
  asm.jumpIf('ne', 'r0', 0, submit);
  // Of an empty text Linux 5.10 says nothing was copied, others that its final zero was.
  asm.move('r0', 1);
  asm.label(some);
  asm.load(8, 'r2', 'r10', slot.end);
  asm.alu('add', 'r2', 'r0');
  asm.load(8, 'r1', 'r10', slot.first);
  asm.jumpIf('gt', 'r2', 'r1', ordered);
  asm.jump(submit);
  asm.label(ordered);
  asm.alu('sub', 'r2', 'r1');
  trace.put(4, startPart.argumentsTotal, 'r2');
  asm.jumpIf('gt', 'r2', traceLimits.arguments - 1, short);
  asm.jump(kept);
  asm.label(short);
  asm.move('r2', traceLimits.arguments - 1);
  asm.label(kept);
  copyArguments(trace);
};

/** The length is in r2. */
const copyArguments = (trace: TraceWriter): void => {
  const { asm } = trace;
  const [sized, read] = [asm.fresh('sized'), asm.fresh('read')];
  asm.alu('and', 'r2', traceLimits.arguments - 1);
  asm.jumpIf('gt', 'r2', 0, sized);
  asm.jump(submit);
  asm.label(sized);
  asm.store(8, 'r10', slot.length, 'r2');
  asm.alu('and', 'r7', traceCursorMask);
  asm.move('r1', 'r9');
  asm.alu('add', 'r1', 'r7');
  asm.load(8, 'r3', 'r10', slot.first);
  asm.call(helpers.probeRead);
  asm.jumpIf('eq', 'r0', 0, read);
  asm.jump(submit);
  asm.label(read);
  asm.load(8, 'r2', 'r10', slot.length);
  asm.alu('and', 'r2', traceLimits.arguments - 1);
  trace.put(2, startPart.argumentsLength, 'r2');
  asm.alu('add', 'r7', 'r2');
};

/** Two megabytes of stack hold no more pointers (MAX_ARG_STRINGS is beyond what fits). */
const mostArguments = 1 << 20;
