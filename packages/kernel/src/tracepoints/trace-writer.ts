import type { AccessSize, Assembler, Register } from '../bpf/assembler.ts';
import { currentCpu, helpers } from '../bpf/constants.ts';
import { createMapEntry } from '../bpf/map-entry.ts';
import { commBytes } from '../probes/record.ts';
import { traceCursorMask, traceHead, traceScratchBytes } from './trace-record.ts';

/** What a program at a tracepoint works with; each has an entry of its own in the maps. */
export type TraceEnvironment = {
  readonly index: number;
  readonly countersFd: number;
  readonly scratchFd: number;
  readonly buffersFd: number;
};

/**
 * Writes programs that Linux 4.14 takes: no types of the kernel, no ring for all CPUs, no loops, no jump or helper that came later, and every length
 * shown to be above zero. Registers over the whole program: r6 its context, r7 the end of what was written, r9 its working memory.
 */
export type TraceWriter = {
  readonly asm: Assembler;
  /** Takes the context and the working memory, and writes what every record begins with. */
  readonly begin: (kind: number) => void;
  /** Puts `size` bytes from the address in r3 at `slot` below the frame; what cannot be read is zero there. */
  readonly readToStack: (slot: number, size: number) => void;
  readonly put: (size: AccessSize, to: number, value: Register | number) => void;
  /** Appends the text at the address in r3 and stores its length with its final zero. */
  readonly appendString: (lengthAt: number, limit: number) => void;
  /** Gives the record to the CPU's ring and ends the program. */
  readonly submit: () => void;
};

export const traceCounters = { produced: 0, lost: 8, bytes: 16 } as const;
/** Below these the programs keep what is their own. */
const slot = { key: -4 } as const;
const leaveLabel = 'leave';
/** What a full ring answers since Linux 5.1, and tells by itself at all times. */
const noSpace = -28;

export const createTraceWriter = (asm: Assembler, environment: TraceEnvironment): TraceWriter => {
  const entry = createMapEntry(asm, { index: environment.index, keySlot: slot.key, missing: leaveLabel });
  const increment = (offset: number): void => entry.increment(environment.countersFd, offset);
  const put: TraceWriter['put'] = (size, to, value) => asm.store(size, 'r9', to, value);
  return {
    asm,
    begin: (kind) => {
      asm.move('r6', 'r1');
      entry.lookUp(environment.scratchFd);
      asm.move('r9', 'r0');
      put(4, traceHead.kind, kind);
      asm.call(helpers.ktimeGetNs);
      put(8, traceHead.atNs, 'r0');
      asm.call(helpers.getCurrentPidTgid);
      asm.alu('rsh', 'r0', 32);
      put(4, traceHead.pid, 'r0');
      asm.call(helpers.getCurrentUidGid);
      put(4, traceHead.uid, 'r0');
      asm.alu('rsh', 'r0', 32);
      put(4, traceHead.gid, 'r0');
      asm.move('r1', 'r9');
      asm.alu('add', 'r1', traceHead.comm);
      asm.move('r2', commBytes);
      asm.call(helpers.getCurrentComm);
    },
    readToStack: (at, size) => {
      asm.move('r1', 'r10');
      asm.alu('add', 'r1', at);
      asm.move('r2', size);
      asm.call(helpers.probeRead);
    },
    put,
    appendString: (lengthAt, limit) => {
      const stored = asm.fresh('stored');
      asm.alu('and', 'r7', traceCursorMask);
      asm.move('r1', 'r9');
      asm.alu('add', 'r1', 'r7');
      asm.move('r2', limit);
      asm.call(helpers.probeReadString);
      asm.jumpIf('sgt', 'r0', 0, stored);
      asm.move('r0', 0);
      asm.label(stored);
      asm.alu('and', 'r0', limit * 2 - 1);
      put(2, lengthAt, 'r0');
      asm.alu('add', 'r7', 'r0');
    },
    submit: () => {
      const [sized, counted] = [asm.fresh('sized'), asm.fresh('counted')];
      asm.alu('and', 'r7', traceScratchBytes - 1);
      asm.jumpIf('gt', 'r7', 0, sized);
      asm.jump(leaveLabel);
      asm.label(sized);
      asm.move('r1', 'r6');
      asm.moveMap('r2', environment.buffersFd);
      asm.moveLong('r3', currentCpu);
      asm.move('r4', 'r9');
      asm.move('r5', 'r7');
      asm.call(helpers.perfEventOutput);
      asm.jumpIf('eq', 'r0', 0, counted);
      asm.jumpIf('eq', 'r0', noSpace, counted);
      increment(traceCounters.lost);
      asm.label(counted);
      // Counted once it is in the ring: whoever reads the count and then the ring has met each that was counted, or it is lost.
      increment(traceCounters.produced);
      asm.label(leaveLabel);
      asm.move('r0', 0);
      asm.exit();
    },
  };
};
