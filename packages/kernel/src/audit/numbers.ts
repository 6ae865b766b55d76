/** Numbers of the kernel's audit (`linux/audit.h`, `linux/elf-em.h`, `asm/unistd.h` of each processor). */

/** NETLINK_AUDIT, and its group of those who read along (AUDIT_NLGRP_READLOG). */
export const auditProtocol = 9;
export const readLogGroup = 1;

export const auditMessages = {
  get: 1000,
  set: 1001,
  addRule: 1011,
  deleteRule: 1012,
  listRules: 1013,
} as const;

/** Types of the records that tell of one system call, and of what concerns us otherwise. */
export const recordTypes = {
  systemCall: 1300,
  path: 1302,
  configuration: 1305,
  folder: 1307,
  arguments: 1309,
  end: 1320,
  /** Another program wants to be the one that records are sent to. */
  replace: 1329,
} as const;

/** Bits of `audit_status.mask`, saying which members of it are to be set. */
export const statusMask = { enabled: 1, failure: 2, pid: 4, backlogLimit: 0x10, backlogWaitTime: 0x20 } as const;

/** What the kernel does when a record cannot be made: nothing, a line in its log, a panic. */
export const failureModes = { silent: 0, print: 1, panic: 2 } as const;

export const enabledStates = { off: 0, on: 1, locked: 2 } as const;

/** Lists of rules, actions, and what a rule compares. */
export const rules = {
  /** AUDIT_FILTER_EXIT: looked at when a system call ends. */
  exitList: 4,
  /** AUDIT_ALWAYS. */
  always: 2,
  fields: { architecture: 11, success: 104, executable: 112, key: 210 },
  equal: 0x4000_0000,
  notEqual: 0x3000_0000,
} as const;

/** The system calls that start a program, by the architecture that the caller uses. */
export type StartCalls = {
  /** AUDIT_ARCH_…: the machine of its ELF files, with bits for 64-bit and little endian. */
  readonly architecture: number;
  /** execve(2) and execveat(2). */
  readonly calls: readonly number[];
};

const startCallsOf: Readonly<Record<string, readonly StartCalls[]>> = {
  x64: [
    { architecture: 0xc000_003e, calls: [59, 322] },
    { architecture: 0x4000_0003, calls: [11, 358] },
  ],
  arm64: [
    { architecture: 0xc000_00b7, calls: [221, 281] },
    { architecture: 0x4000_0028, calls: [11, 387] },
  ],
};

/** Of a processor by Node's name of it, those of its 32-bit programs as well; none for one that we do not support. */
export const startCalls = (architecture: string = process.arch): readonly StartCalls[] =>
  startCallsOf[architecture] ?? [];
