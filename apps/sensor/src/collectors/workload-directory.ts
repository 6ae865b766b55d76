import type { ContainerRecord } from '@parapet/contract/wire';

/**
 * What the collectors know of each other's subjects: which containers there are and which process belongs where. The docker
 * collector fills the containers, the process collector the processes; the network collector reads both.
 */
export type WorkloadDirectory = {
  /** The running containers as last reported by their runtime, nested ones included. */
  readonly containers: () => readonly KnownContainer[];
  readonly container: (key: string) => KnownContainer | undefined;
  /** A running container by its runtime's own id. */
  readonly containerByRuntimeId: (id: string) => KnownContainer | undefined;
  /** The process that now has this pid in the root namespace; read from /proc when it was not seen yet. `undefined` once it is gone. */
  readonly process: (pid: number) => KnownProcess | undefined;
  /** Says that a process has a socket, so that it is reported however short it lives. Call it before using its key in a record. */
  readonly markSocketOwner: (pid: number) => void;
  /** Calls back after a container started, stopped or changed its networks. Returns the way to stop listening. */
  readonly onContainersChanged: (listener: () => void) => () => void;
  /**
   * Calls back with each life of a container that is over, once, those too that were over before they were known to run and so
   * never were among the containers. Returns the way to stop listening.
   */
  readonly onLifeEnded: (listener: (life: ContainerRecord) => void) => () => void;
};

export type KnownContainer = {
  readonly key: string;
  readonly record: ContainerRecord;
  /** Pid of its first process in the root namespace. */
  readonly pid: number | undefined;
};

export type KnownProcess = {
  /** Key of its `ProcessRecord`: `<pid>:<start ticks>`. */
  readonly key: string;
  readonly pid: number;
  readonly executable: string;
  readonly containerKey: string | undefined;
};
