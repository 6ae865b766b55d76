import type { AccessSize, Assembler, Register } from '../bpf/assembler.ts';
import { helpers, ringBufferNoWakeup } from '../bpf/constants.ts';
import { createMapEntry } from '../bpf/map-entry.ts';
import type { KernelOffsets } from './offsets.ts';
import { cgroupLevels, cgroupNameBytes, commBytes, cursorMask, head, pathLimits, scratchBytes } from './record.ts';

/** What a probe writes to; the maps are shared by all probes, each with an entry of its own. */
export type ProbeEnvironment = {
  readonly offsets: KernelOffsets;
  /** Where a process's cgroup is read: the unified hierarchy, or version 1's memory controller. */
  readonly cgroups: 'unified' | 'memory';
  /** Number of this probe: its entry in the maps. */
  readonly index: number;
  readonly countersFd: number;
  readonly scratchFd: number;
  readonly ringFd: number;
  /** What was told lately, for the probes that tell only the first of many; see `programs/datagram.ts`. */
  readonly recentFd: number;
  /** What the program ends with: default 0. Those of a cgroup let pass with 1. */
  readonly result?: 0 | 1;
};

/**
 * Writes a probe in terms of what it reads. Registers over the whole probe: r6 its context, r7 the end of what was written,
 * r8 the object that it is about, r9 its working memory; r0 to r5 hold nothing over a step. Pointers that lead nowhere read
 * as zero, as the kernel's helpers promise.
 */
export type ProbeWriter = {
  readonly asm: Assembler;
  readonly recentFd: number;
  /** Takes the context and the working memory. */
  readonly begin: () => void;
  /** From here on the event is one that must be told: it counts as produced. */
  readonly count: () => void;
  /** `r8 =` argument number `index` of a tracepoint or function, as a plain number. */
  readonly takeArgument: (index: number) => void;
  /**
   * Takes the working memory for itself alone, in programs that another process may interrupt on the same CPU; where that one has it,
   * the event is lost and counted. After `count`.
   */
  readonly beginAlone: () => void;
  /** Leaves the probe without a record. */
  readonly leave: () => void;
  /** Copies `size` bytes from the end of a way of pointers, `[…through, at]` from `base`, to `to` in the record. */
  readonly copy: (to: number, size: number, base: Register, way: readonly number[]) => void;
  /** `to = ` the number at the end of a way of pointers. */
  readonly read: (size: AccessSize, to: Register, base: Register, way: readonly number[]) => void;
  readonly put: (size: AccessSize, to: number, value: Register | number) => void;
  readonly startStrings: (at: number) => void;
  /**
   * Appends the string that the way ends at (a pointer, text in place, or a pointer into the process's own memory) and stores its
   * length with its final zero.
   */
  readonly appendString: (
    lengthAt: number,
    limit: number,
    base: Register,
    way: readonly number[],
    place?: 'pointer' | 'inline' | 'user',
  ) => void;
  /** Appends the path of a dentry on a mount, read by these two ways from r8, and stores the length of all its names. */
  readonly appendPath: (lengthAt: number, dentry: readonly number[], mount: readonly number[]) => void;
  /** Head and cgroup names of a task in r8, a thread or a process; call before other strings. */
  readonly putTask: (kind: number) => void;
  /** Gives the record to the ring; a full ring counts as lost. Ends the probe. */
  readonly submit: () => void;
};

/** Stack places, from the end of the frame. */
const slot = { key: -4, pointer: -16, number: -24, dentry: -56, mount: -64, step: -72, start: -80 } as const;
/** Within a probe's counters. */
export const counterOffsets = { produced: 0, lost: 8 } as const;
export const counterBytes = 16;

export const createProbeWriter = (asm: Assembler, environment: ProbeEnvironment): ProbeWriter => {
  const { offsets } = environment;
  const leaveLabel = 'leave';
  const releaseLabel = 'release';
  let isAlone = false;

  const entry = createMapEntry(asm, { index: environment.index, keySlot: slot.key, missing: leaveLabel });
  const increment = (offset: number): void => entry.increment(environment.countersFd, offset);
  /** `r3 = ` the address at the end of the way. */
  const follow = (base: Register, way: readonly number[]): void => {
    asm.move('r3', base);
    way.forEach((offset, index) => {
      if (offset !== 0) asm.alu('add', 'r3', offset);
      if (index === way.length - 1) return;
      asm.move('r1', 'r10');
      asm.alu('add', 'r1', slot.pointer);
      asm.move('r2', 8);
      asm.call(helpers.probeReadKernel);
      asm.load(8, 'r3', 'r10', slot.pointer);
    });
  };
  const copy: ProbeWriter['copy'] = (to, size, base, way) => {
    follow(base, way);
    asm.move('r1', 'r9');
    asm.alu('add', 'r1', to);
    asm.move('r2', size);
    asm.call(helpers.probeReadKernel);
  };
  const read: ProbeWriter['read'] = (size, to, base, way) => {
    follow(base, way);
    asm.move('r1', 'r10');
    asm.alu('add', 'r1', slot.number);
    asm.move('r2', size);
    asm.call(helpers.probeReadKernel);
    asm.load(size, to, 'r10', slot.number);
  };
  const put: ProbeWriter['put'] = (size, to, value) => asm.store(size, 'r9', to, value);

  const appendString: ProbeWriter['appendString'] = (lengthAt, limit, base, way, place = 'pointer') => {
    follow(base, place === 'inline' ? way : [...way, 0]);
    appendAt(lengthAt, limit, place === 'user' ? helpers.probeReadUserString : helpers.probeReadKernelString);
  };
  /** Text at r3. */
  const appendAt = (lengthAt: number | undefined, limit: number, helper: number): void => {
    const stored = asm.fresh('stored');
    asm.alu('and', 'r7', cursorMask);
    asm.move('r1', 'r9');
    asm.alu('add', 'r1', 'r7');
    asm.move('r2', limit);
    asm.call(helper);
    asm.jumpIf('sgt', 'r0', 0, stored);
    asm.move('r0', 0);
    asm.label(stored);
    asm.alu('and', 'r0', maskFor(limit));
    if (lengthAt !== undefined) put(2, lengthAt, 'r0');
    asm.alu('add', 'r7', 'r0');
  };

  /** From the last name up to the root of the highest mount, over the places where mounts lie in one another. */
  const appendPath: ProbeWriter['appendPath'] = (lengthAt, dentry, mount) => {
    const next = asm.fresh('next');
    const inMount = asm.fresh('in-mount');
    const root = asm.fresh('root');
    const done = asm.fresh('done');
    asm.store(8, 'r10', slot.start, 'r7');
    asm.store(8, 'r10', slot.step, 0);
    for (const [at, way] of [
      [slot.dentry, dentry],
      [slot.mount, mount],
    ] as const) {
      read(8, 'r0', 'r8', way);
      asm.store(8, 'r10', at, 'r0');
    }
    asm.label(next);
    forgetCursor();
    asm.load(8, 'r1', 'r10', slot.step);
    asm.jumpIf('ge', 'r1', pathLimits.steps, done);
    asm.alu('add', 'r1', 1);
    asm.store(8, 'r10', slot.step, 'r1');
    asm.load(8, 'r3', 'r10', slot.mount);
    read(8, 'r0', 'r3', [offsets.mountRoot]);
    asm.load(8, 'r1', 'r10', slot.dentry);
    asm.jumpIf('ne', 'r0', 'r1', inMount);
    // The mount's own root: the path goes on where it is mounted, unless it is the highest.
    asm.load(8, 'r3', 'r10', slot.mount);
    read(8, 'r0', 'r3', [offsets.mountPoint - offsets.mountPart]);
    asm.store(8, 'r10', slot.dentry, 'r0');
    asm.load(8, 'r3', 'r10', slot.mount);
    read(8, 'r0', 'r3', [offsets.mountParent - offsets.mountPart]);
    asm.alu('add', 'r0', offsets.mountPart);
    asm.load(8, 'r1', 'r10', slot.mount);
    asm.jumpIf('eq', 'r0', 'r1', root);
    asm.store(8, 'r10', slot.mount, 'r0');
    asm.jump(next);
    asm.label(inMount);
    asm.load(8, 'r3', 'r10', slot.dentry);
    follow('r3', [offsets.dentryName, 0]);
    appendAt(undefined, pathLimits.nameBytes, helpers.probeReadKernelString);
    asm.load(8, 'r3', 'r10', slot.dentry);
    read(8, 'r0', 'r3', [offsets.dentryParent]);
    asm.load(8, 'r1', 'r10', slot.dentry);
    asm.store(8, 'r10', slot.dentry, 'r0');
    asm.jumpIf('ne', 'r0', 'r1', next);
    // A file without a place in any folder, such as one of memfd_create(2), is its own parent.
    asm.label(root);
    asm.alu('and', 'r7', cursorMask);
    asm.move('r1', 'r9');
    asm.alu('add', 'r1', 'r7');
    asm.store(1, 'r1', 0, 0);
    asm.alu('add', 'r7', 1);
    asm.label(done);
    forgetCursor();
    asm.load(8, 'r1', 'r10', slot.start);
    asm.move('r0', 'r7');
    asm.alu('sub', 'r0', 'r1');
    put(2, lengthAt, 'r0');
  };

  /**
   * The verifier follows the range of the cursor through each turn of a loop, and by each way out of it, until it gives up. What
   * comes back from the working memory is any number to it.
   */
  const forgetCursor = (): void => {
    asm.store(8, 'r9', cursorCell, 'r7');
    asm.load(8, 'r7', 'r9', cursorCell);
    asm.alu('and', 'r7', cursorMask);
  };

  const putTask: ProbeWriter['putTask'] = (kind) => {
    put(2, head.kind, kind);
    asm.call(helpers.getSmpProcessorId);
    put(2, head.cpu, 'r0');
    asm.call(helpers.ktimeGetBootNs);
    put(8, head.atNs, 'r0');
    copy(head.pid, 4, 'r8', [offsets.taskTgid]);
    copy(head.parentPid, 4, 'r8', [offsets.taskRealParent, offsets.taskTgid]);
    copy(head.startNs, 8, 'r8', [offsets.taskGroupLeader, offsets.taskStartBoottime]);
    copy(head.parentStartNs, 8, 'r8', [offsets.taskRealParent, offsets.taskGroupLeader, offsets.taskStartBoottime]);
    copy(head.uid, 4, 'r8', [offsets.taskCred, offsets.credUid]);
    copy(head.gid, 4, 'r8', [offsets.taskCred, offsets.credGid]);
    copy(head.effectiveUid, 4, 'r8', [offsets.taskCred, offsets.credEuid]);
    copy(head.capabilities, 8, 'r8', [offsets.taskCred, offsets.credCapEffective]);
    putOptional(head.loginUid, offsets.taskLoginUid);
    putOptional(head.sessionId, offsets.taskSessionId);
    copy(head.netNamespace, 4, 'r8', [offsets.taskNsproxy, offsets.nsproxyNet, offsets.netInode]);
    copy(head.mountNamespace, 4, 'r8', [offsets.taskNsproxy, offsets.nsproxyMount, offsets.mountInode]);
    copy(head.pidNamespace, 4, 'r8', [offsets.taskNsproxy, offsets.nsproxyPid, offsets.pidInode]);
    // Threads have names of their own: a process goes by that of its first one.
    copy(head.comm, commBytes, 'r8', [offsets.taskGroupLeader, offsets.taskComm]);
    copy(head.threadComm, commBytes, 'r8', [offsets.taskComm]);
    putCgroups();
  };
  const unset = 0xffff_ffff | 0;
  const putOptional = (to: number, offset: number | undefined): void =>
    offset === undefined ? put(4, to, unset) : copy(to, 4, 'r8', [offset]);

  const putCgroups = (): void => {
    const { memoryController } = offsets;
    const way =
      environment.cgroups === 'memory' && memoryController !== undefined
        ? [offsets.taskCgroups, offsets.cssSetSubsys + 8 * memoryController, offsets.cssCgroup, offsets.cgroupNode]
        : [offsets.taskCgroups, offsets.cssSetDefault, offsets.cgroupNode];
    for (let level = 0; level < cgroupLevels; level += 1) {
      const parents = Array.from({ length: level }, () => offsets.nodeParent);
      appendString(head.cgroupLengths + level * 2, cgroupNameBytes, 'r8', [...way, ...parents, offsets.nodeName]);
    }
  };

  return {
    asm,
    recentFd: environment.recentFd,
    begin: () => {
      asm.move('r6', 'r1');
      entry.lookUp(environment.scratchFd);
      asm.move('r9', 'r0');
    },
    beginAlone: () => {
      const alone = asm.fresh('alone');
      isAlone = true;
      entry.lookUp(environment.scratchFd);
      asm.move('r9', 'r0');
      asm.move('r1', 1);
      asm.atomicAdd(8, 'r9', holdersCell, 'r1');
      asm.load(8, 'r1', 'r9', holdersCell);
      asm.jumpIf('eq', 'r1', 1, alone);
      asm.move('r1', -1);
      asm.atomicAdd(8, 'r9', holdersCell, 'r1');
      increment(counterOffsets.lost);
      asm.jump(leaveLabel);
      asm.label(alone);
    },
    count: () => increment(counterOffsets.produced),
    // Not loaded at once: of a function's argument the verifier knows the type, and then checks each step from it.
    takeArgument: (index) => read(8, 'r8', 'r6', [index * 8]),
    leave: () => asm.jump(leaveLabel),
    copy,
    read,
    put,
    startStrings: (at) => asm.move('r7', at),
    appendString,
    appendPath,
    putTask,
    submit: () => {
      // The last string may lie beyond the places where one can begin.
      asm.alu('and', 'r7', scratchBytes - 1);
      asm.moveMap('r1', environment.ringFd);
      asm.move('r2', 'r9');
      asm.move('r3', 'r7');
      asm.move('r4', ringBufferNoWakeup);
      asm.call(helpers.ringBufferOutput);
      asm.jumpIf('eq', 'r0', 0, releaseLabel);
      increment(counterOffsets.lost);
      asm.label(releaseLabel);
      if (isAlone) {
        asm.move('r1', -1);
        asm.atomicAdd(8, 'r9', holdersCell, 'r1');
      }
      asm.label(leaveLabel);
      asm.move('r0', environment.result ?? 0);
      asm.exit();
    },
  };
};

/** Behind all strings. */
const cursorCell = scratchBytes - 8;
/** How many hold the working memory. */
const holdersCell = scratchBytes - 16;

/** The verifier bounds a number by a mask of ones; the smallest that lets `limit` pass. */
const maskFor = (limit: number): number => 2 ** (32 - Math.clz32(limit)) - 1;
