/**
 * The records that probes write into the ring: a head of fixed places, then strings one after another in the order of their
 * lengths. Programs are written and records are read by these numbers alone, so they cannot disagree.
 */
export const recordKinds = {
  fork: 1,
  exec: 2,
  exit: 3,
  socket: 4,
  module: 5,
  rights: 6,
  trace: 7,
  mount: 8,
  dns: 9,
  datagram: 10,
  dnsStream: 11,
} as const;

/** Byte offsets; numbers are of this machine's byte order. */
export const head = {
  kind: 0,
  cpu: 2,
  /** Nanoseconds since boot, time asleep included (CLOCK_BOOTTIME). */
  atNs: 8,
  pid: 16,
  parentPid: 20,
  /** Start of the process and of its parent, in nanoseconds since boot: with the pid their identity. */
  startNs: 24,
  parentStartNs: 32,
  uid: 40,
  gid: 44,
  effectiveUid: 48,
  loginUid: 52,
  sessionId: 56,
  netNamespace: 60,
  mountNamespace: 64,
  pidNamespace: 68,
  capabilities: 72,
  comm: 80,
  /** Lengths (u16) of the names of the cgroup and of what it lies in, innermost first. */
  cgroupLengths: 96,
  /** Of the thread that did it; `comm` is its process’s, as /proc has it. */
  threadComm: 104,
} as const;
export const commBytes = 16;
/** A container's cgroup may hold others (an init system inside); more levels than these are not looked at. */
export const cgroupLevels = 4;
/** The longest name of a container's cgroup is `cri-containerd-<64 digits>.scope`. */
export const cgroupNameBytes = 96;
const headBytes = 120;

export const execPart = {
  exeInode: headBytes,
  exeDevice: headBytes + 8,
  exeMode: headBytes + 12,
  exeLinks: headBytes + 16,
  /** Bytes of all arguments, also of those beyond the limit. */
  argumentsTotal: headBytes + 20,
  argumentsLength: headBytes + 24,
  filenameLength: headBytes + 26,
  interpreterLength: headBytes + 28,
  ttyLength: headBytes + 30,
  exePathLength: headBytes + 32,
  folderLength: headBytes + 34,
  exeChangeNanoseconds: headBytes + 36,
  exeChangeSeconds: headBytes + 40,
} as const;

export const exitPart = { exitCode: headBytes, groupExitCode: headBytes + 4 } as const;

export const socketPart = {
  /** Address of the kernel's socket: the same for all records of one connection while it lives. */
  socket: headBytes,
  netNamespace: headBytes + 8,
  oldState: headBytes + 12,
  newState: headBytes + 13,
  family: headBytes + 14,
  localPort: headBytes + 16,
  remotePort: headBytes + 18,
  localAddress: headBytes + 24,
  remoteAddress: headBytes + 40,
  bytesReceived: headBytes + 56,
  bytesAcked: headBytes + 64,
} as const;

export const tracePart = { request: headBytes, target: headBytes + 8 } as const;

export const modulePart = { nameLength: headBytes } as const;

export const mountPart = {
  sourceLength: headBytes,
  fileSystemLength: headBytes + 2,
  targetLength: headBytes + 4,
} as const;

/** Ports, addresses and the length of UDP as they stand in the packet, highest byte first. */
export const dnsPart = {
  netNamespace: headBytes,
  fromPort: headBytes + 4,
  toPort: headBytes + 6,
  etherType: headBytes + 8,
  udpLength: headBytes + 10,
  payloadLength: headBytes + 12,
  fromAddress: headBytes + 16,
  toAddress: headBytes + 32,
} as const;

/** Addresses are of 16 bytes, IPv4 mapped into IPv6 (RFC 4291, 2.5.5.2); the remote port stands as in a packet. */
export const datagramPart = {
  netNamespace: headBytes,
  localPort: headBytes + 4,
  remotePort: headBytes + 6,
  direction: headBytes + 8,
  localAddress: headBytes + 16,
  remoteAddress: headBytes + 32,
} as const;
export const datagramDirections = { sent: 0, received: 1 } as const;

/** A piece of a TCP stream from or to port 53; ports, addresses and the sequence number as they stand in the packet. */
export const dnsStreamPart = {
  socket: headBytes,
  netNamespace: headBytes + 8,
  fromPort: headBytes + 12,
  toPort: headBytes + 14,
  sequence: headBytes + 16,
  /** Of its payload, also of what is beyond the limit. */
  length: headBytes + 20,
  etherType: headBytes + 24,
  payloadLength: headBytes + 26,
  fromAddress: headBytes + 32,
  toAddress: headBytes + 48,
} as const;

/** Where strings begin, by kind. */
export const stringsAt = {
  [recordKinds.fork]: headBytes,
  [recordKinds.exec]: headBytes + 48,
  [recordKinds.exit]: headBytes + 8,
  [recordKinds.socket]: headBytes + 72,
  [recordKinds.module]: headBytes + 8,
  [recordKinds.rights]: headBytes,
  [recordKinds.trace]: headBytes + 16,
  [recordKinds.mount]: headBytes + 8,
  [recordKinds.dns]: headBytes + 48,
  [recordKinds.datagram]: headBytes + 48,
  [recordKinds.dnsStream]: headBytes + 64,
} as const;

/** Bytes that a record holds at most of each text; powers of two. */
export const textLimits = {
  arguments: 4096,
  filename: 512,
  interpreter: 256,
  tty: 32,
  moduleName: 64,
  mountPath: 512,
  fileSystem: 32,
  dns: 1024,
} as const;
/**
 * A path is written as its names, the last one first, each with its zero. It ends in an empty name; a path that is too deep has
 * no such end, and a name that is too long fills its place.
 */
export const pathLimits = { steps: 32, nameBytes: 80 } as const;

/**
 * A probe's working memory. The place where the next string goes is kept below half of it, so that the longest string always
 * fits behind: that is how the kernel's verifier sees it.
 */
export const scratchBytes = 16_384;
export const cursorMask = scratchBytes / 2 - 1;
