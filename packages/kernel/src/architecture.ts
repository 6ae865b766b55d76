/** What differs between the processors that we run on, from `asm/unistd.h` and `asm/fcntl.h`. */
export type ArchitectureConstants = {
  readonly openat2: number;
  readonly bpf: number;
  readonly perfEventOpen: number;
  readonly prlimit64: number;
  readonly fanotifyInit: number;
  readonly fanotifyMark: number;
  readonly nameToHandleAt: number;
  readonly fstatfs: number;
  readonly getdents64: number;
  readonly O_DIRECTORY: number;
  readonly O_NOFOLLOW: number;
  /** The kernel's own; glibc's is 0 where files may always be large. */
  readonly O_LARGEFILE: number;
};

const byArchitecture: Readonly<Record<string, ArchitectureConstants>> = {
  x64: {
    ...{
      openat2: 437,
      bpf: 321,
      perfEventOpen: 298,
      prlimit64: 302,
      fanotifyInit: 300,
      fanotifyMark: 301,
      nameToHandleAt: 303,
    },
    ...{ fstatfs: 138, getdents64: 217, O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000, O_LARGEFILE: 0o100000 },
  },
  arm64: {
    ...{
      openat2: 437,
      bpf: 280,
      perfEventOpen: 241,
      prlimit64: 261,
      fanotifyInit: 262,
      fanotifyMark: 263,
      nameToHandleAt: 264,
    },
    ...{ fstatfs: 44, getdents64: 61, O_DIRECTORY: 0o40000, O_NOFOLLOW: 0o100000, O_LARGEFILE: 0o400000 },
  },
};

/** The constants of a processor by Node's name of it; throws for one that we do not support. */
export const architectureConstants = (architecture: string = process.arch): ArchitectureConstants => {
  const constants = byArchitecture[architecture];
  if (constants === undefined) throw new Error(`The processor ${architecture} is not supported; x64 and arm64 are.`);
  return constants;
};
