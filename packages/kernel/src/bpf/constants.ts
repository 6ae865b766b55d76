/** Numbers of `linux/bpf.h`. */
export const bpfCommands = {
  mapCreate: 0,
  mapLookupElement: 1,
  mapUpdateElement: 2,
  mapDeleteElement: 3,
  programLoad: 5,
  objectInfo: 15,
  rawTracepointOpen: 17,
  /** 5.7 */
  linkCreate: 28,
} as const;

export const mapTypes = {
  hash: 1,
  array: 2,
  perfEventArray: 4,
  perCpuArray: 6,
  lruHash: 9,
  ringBuffer: 27,
} as const;

export const programTypes = { tracepoint: 5, rawTracepoint: 17, cgroupPacket: 8, cgroupSocketAddress: 18 } as const;

/** Where in a cgroup programs run: those of packets, and of the type `cgroupSocketAddress`. */
export const cgroupPlaces = {
  /** 4.10 */
  packetReceive: 0,
  packetSend: 1,
  /** 4.18 */
  udp4Send: 14,
  udp6Send: 15,
  /** 5.2 */
  udp4Receive: 19,
  udp6Receive: 20,
} as const;
export type CgroupPlace = keyof typeof cgroupPlaces;

/** Helpers that a program can call, by the kernel that brought them. */
export const helpers = {
  /** 3.19 */
  mapLookupElement: 1,
  mapUpdateElement: 2,
  mapDeleteElement: 3,
  /** 4.1 */
  probeRead: 4,
  ktimeGetNs: 5,
  getSmpProcessorId: 8,
  /** 4.2 */
  getCurrentPidTgid: 14,
  getCurrentUidGid: 15,
  getCurrentComm: 16,
  /** 4.4 */
  perfEventOutput: 25,
  /** 4.5 */
  skbLoadBytes: 26,
  /** 4.8 */
  getCurrentTask: 35,
  /** 4.11 */
  probeReadString: 45,
  /** 5.1 */
  fullSocket: 95,
  /** 5.5 */
  probeReadUser: 112,
  probeReadKernel: 113,
  probeReadUserString: 114,
  probeReadKernelString: 115,
  /** 5.8 */
  ktimeGetBootNs: 125,
  ringBufferOutput: 130,
} as const;

/** Flags of helpers. */
export const currentCpu = 0xffff_ffffn;
export const ringBufferNoWakeup = 1;
