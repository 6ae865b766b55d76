import { helpers } from '../../bpf/constants.ts';
import { type KernelOffsets, placeOf } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { mountPart, recordKinds, stringsAt, textLimits, tracePart } from '../record.ts';

/**
 * Raw tracepoint `sys_exit(registers, result)`, of calls that succeeded: set-id calls, capset(2), unshare(2) and setns(2), after which a
 * process may do more or less than before; ptrace(2) that attaches, process_vm_readv(2) and process_vm_writev(2); mount(2) and
 * move_mount(2). It runs after every system call of the host, so it begins with one look at the number. Calls of 32-bit programs
 * have other numbers: they are not told.
 */
export const writeSystemCall = (
  probe: ProbeWriter,
  offsets: KernelOffsets,
  architecture: string = process.arch,
): void => {
  const { asm } = probe;
  const layout = layoutOf(offsets, architecture);
  const { calls } = layout;
  const [rights, ptrace, memory] = [asm.fresh('rights'), asm.fresh('ptrace'), asm.fresh('memory')];
  const [mount, moveMount] = [asm.fresh('mount'), asm.fresh('move-mount')];
  asm.move('r6', 'r1');
  asm.load(8, 'r3', 'r6', 0);
  probe.read(layout.numberBytes, 'r7', 'r3', [placeOf(offsets, 'callNumber')]);
  // Most calls are of the oldest, which have the lowest numbers.
  const lowest = Math.min(...calls.rights, ...calls.memory, calls.ptrace, calls.mount, calls.moveMount);
  asm.jumpIf('lt', 'r7', lowest, 'leave');
  for (const number of calls.rights) asm.jumpIf('eq', 'r7', number, rights);
  for (const number of calls.memory) asm.jumpIf('eq', 'r7', number, memory);
  asm.jumpIf('eq', 'r7', calls.ptrace, ptrace);
  asm.jumpIf('eq', 'r7', calls.mount, mount);
  asm.jumpIf('eq', 'r7', calls.moveMount, moveMount);
  probe.leave();

  asm.label(rights);
  begin(probe, layout);
  probe.startStrings(stringsAt[recordKinds.rights]);
  probe.putTask(recordKinds.rights);
  asm.jump(submit);

  const attaches = asm.fresh('attaches');
  asm.label(ptrace);
  begin(probe, layout, () => {
    probe.read(8, 'r7', 'r6', [0, layout.parameter(0)]);
    for (const request of attachRequests) asm.jumpIf('eq', 'r7', request, attaches);
    probe.leave();
    asm.label(attaches);
  });
  putTrace(probe, layout, 1);

  asm.label(memory);
  begin(probe, layout);
  asm.move('r7', -1);
  putTrace(probe, layout, 0);

  asm.label(mount);
  begin(probe, layout);
  putMount(probe, layout, { source: 0, target: 1, fileSystem: 2 });

  asm.label(moveMount);
  begin(probe, layout);
  putMount(probe, layout, { source: 1, target: 3, fileSystem: undefined });

  asm.label(submit);
  probe.submit();
};

const submit = 'submit';

/** Numbers of `asm/unistd.h`: setuid, setgid, setreuid, setregid, setresuid, setresgid, capset, unshare, setns. */
const numbers = {
  x64: {
    rights: [105, 106, 113, 114, 117, 119, 126, 272, 308],
    ptrace: 101,
    memory: [310, 311],
    mount: 165,
    moveMount: 429,
  },
  arm64: {
    rights: [146, 144, 145, 143, 147, 149, 91, 97, 268],
    ptrace: 117,
    memory: [270, 271],
    mount: 40,
    moveMount: 429,
  },
} as const;

/** PTRACE_ATTACH and PTRACE_SEIZE of `linux/ptrace.h`. */
const attachRequests = [16, 0x4206] as const;
/** TS_COMPAT of `asm/thread_info.h` on x86, TIF_32BIT on arm64. */
const compat = { x64: 2, arm64: 1 << 22 } as const;

type Layout = {
  readonly calls: (typeof numbers)[keyof typeof numbers];
  /** Of the number among the registers: on arm64 something else lies behind it. */
  readonly numberBytes: 4 | 8;
  /** Where a thread says that its call is one of 32 bits, and by which bit. */
  readonly compat: () => readonly [place: number, bit: number];
  /** Where a parameter stands among the registers: on x86-64 each has a name, on arm64 they are a row. */
  readonly parameter: (index: 0 | 1 | 2 | 3) => number;
};

const layoutOf = (offsets: KernelOffsets, architecture: string): Layout => {
  const place = (name: keyof KernelOffsets): number => placeOf(offsets, name);
  if (architecture === 'arm64')
    return {
      ...{ calls: numbers.arm64, numberBytes: 4 },
      compat: () => [place('threadFlags'), compat.arm64],
      parameter: (index) => (index === 0 ? place('callFirst') : place('callOthers') + 8 * index),
    };
  const parameters = ['callFirst', 'callOthers', 'callThird', 'callFourth'] as const;
  return {
    ...{ calls: numbers.x64, numberBytes: 8 },
    compat: () => [place('threadStatus'), compat.x64],
    parameter: (index) => place(parameters[index]),
  };
};

/** Leaves calls that failed and those of 32 bits; then `r8 =` the process that called. */
const begin = (probe: ProbeWriter, layout: Layout, select?: () => void): void => {
  const { asm } = probe;
  asm.load(8, 'r1', 'r6', 8);
  asm.jumpIf('slt', 'r1', 0, 'leave');
  asm.move('r1', 'r6');
  probe.begin();
  asm.call(helpers.getCurrentTask);
  asm.move('r8', 'r0');
  const [place, bit] = layout.compat();
  probe.read(4, 'r1', 'r8', [place]);
  asm.jumpIf('set', 'r1', bit, 'leave');
  select?.();
  probe.count();
};

/** The request is in r7. */
const putTrace = (probe: ProbeWriter, layout: Layout, target: 0 | 1): void => {
  probe.put(4, tracePart.request, 'r7');
  probe.copy(tracePart.target, 4, 'r6', [0, layout.parameter(target)]);
  probe.startStrings(stringsAt[recordKinds.trace]);
  probe.putTask(recordKinds.trace);
  probe.asm.jump(submit);
};

const putMount = (
  probe: ProbeWriter,
  layout: Layout,
  at: { readonly source: 0 | 1; readonly target: 1 | 3; readonly fileSystem: 2 | undefined },
): void => {
  const append = (lengthAt: number, limit: number, index: 0 | 1 | 2 | 3): void =>
    probe.appendString(lengthAt, limit, 'r6', [0, layout.parameter(index)], 'user');
  probe.startStrings(stringsAt[recordKinds.mount]);
  probe.putTask(recordKinds.mount);
  append(mountPart.sourceLength, textLimits.mountPath, at.source);
  if (at.fileSystem === undefined) probe.put(2, mountPart.fileSystemLength, 0);
  else append(mountPart.fileSystemLength, textLimits.fileSystem, at.fileSystem);
  append(mountPart.targetLength, textLimits.mountPath, at.target);
  probe.asm.jump(submit);
};
