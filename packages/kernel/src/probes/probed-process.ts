/** The process that an event is about, as the kernel had it at that moment. */
export type ProbedProcess = {
  /** In the root pid namespace. */
  readonly pid: number;
  /** Nanoseconds since boot; with the pid the identity of a process until the host restarts. */
  readonly startNs: bigint;
  readonly parentPid: number;
  readonly parentStartNs: bigint;
  readonly uid: number;
  readonly gid: number;
  readonly effectiveUid: number;
  /** Who signed in (`pam_loginuid`), whatever it became since; `undefined` when nobody did. */
  readonly loginUid: number | undefined;
  readonly sessionId: number | undefined;
  /** Effective capabilities, one bit each (`linux/capability.h`). */
  readonly capabilities: bigint;
  /** Inodes of its namespaces (namespaces(7)). */
  readonly netNamespace: number;
  readonly mountNamespace: number;
  readonly pidNamespace: number;
  /** At most 15 bytes, chosen by the process itself: the name of its first thread, whichever acted. */
  readonly comm: string;
  /** Names of its cgroup and of those around it, innermost first, four at most; the root has none. */
  readonly cgroups: readonly string[];
};

/** What every event has. */
export type ProbedCommon = {
  /** Nanoseconds since boot, time asleep included. */
  readonly atNs: bigint;
  readonly cpu: number;
  readonly process: ProbedProcess;
  /** Name of the thread that did it, where that is another one than the process’s; also chosen by the process itself. */
  readonly thread?: string | undefined;
};
