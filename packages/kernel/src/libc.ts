import koffi from 'koffi';

/**
 * The C library as it is already loaded in this process, so that glibc and musl both work. A buffer handed over is only
 * valid during the call; a structure that holds the *address* of another buffer needs `pinned` to keep that buffer alive.
 */
export type Libc = {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Uint8Array, length: number) => number;
  readonly getsockname: (fd: number, address: Uint8Array, length: Uint32Array) => number;
  readonly sendto: (
    fd: number,
    data: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: number,
  ) => number;
  readonly recvfrom: (
    fd: number,
    into: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: Uint32Array,
  ) => number;
  readonly setsockopt: (fd: number, level: number, option: number, value: Uint8Array, length: number) => number;
  readonly openat: (folder: number, path: string, flags: number, mode: number) => number;
  readonly readlinkat: (folder: number, path: string, into: Uint8Array, length: number) => number;
  readonly read: (fd: number, into: Uint8Array, length: number) => number;
  readonly close: (fd: number) => number;
  readonly getxattr: (path: string, name: string, into: Uint8Array, size: number) => number;
  readonly setns: (fd: number, kind: number) => number;
  readonly flock: (fd: number, operation: number) => number;
  readonly madvise: (address: bigint, length: number, advice: number) => number;
  /** `syscall(2)` with pointers in second and third place, which is the shape of openat2. */
  readonly syscallPath: (number: number, first: number, path: string, structure: Uint8Array, length: number) => number;
  /** `syscall(2)` with numbers and addresses only. The caller keeps every buffer whose address it passes. */
  readonly syscall: (number: number, ...parameters: SyscallParameters) => number;
  readonly ioctl: (fd: number, request: number, value: number) => number;
  /** The address, or -1 as an unsigned number. */
  readonly mmap: (
    address: number,
    length: number,
    protection: number,
    flags: number,
    fd: number,
    offset: number,
  ) => bigint;
  readonly munmap: (address: bigint, length: number) => number;
  readonly getpagesize: () => number;
  readonly clock_gettime: (clock: number, into: Uint8Array) => number;
  /** Absent in musl. */
  readonly mallocTrim: ((padBytes: number) => number) | undefined;
  /** Absent in musl. */
  readonly mallopt: ((parameter: number, value: number) => number) | undefined;
};

export type SyscallParameters = readonly [
  number | bigint,
  number | bigint,
  number | bigint,
  number | bigint,
  number | bigint,
  number | bigint,
];

/** The bound functions; bound on first use. */
export const libc = (): Libc => {
  bound ??= bindAll();
  return bound;
};

/** The `errno` of the call that just failed: read it before any other call. */
export const lastErrno = (): number => koffi.errno();

/** The name of an error number, e.g. `EPERM`; `E42` when it has none. */
export const errnoName = (errno: number): string => {
  names ??= new Map(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]));
  return names.get(errno) ?? `E${errno}`;
};

/** The address of a buffer for use inside another structure. The caller keeps the buffer reachable for as long as the kernel may read it. */
export const addressOf = (buffer: Uint8Array): bigint => koffi.address(buffer);

/** Memory at an address that someone else keeps, e.g. a mapping. It must not be touched once that is gone. */
export const memoryAt = (address: bigint, length: number): ArrayBuffer => koffi.view(address, length);

let bound: Libc | undefined;
let names: ReadonlyMap<number, string> | undefined;

const bindAll = (): Libc => {
  const library = koffi.load(null);
  const bind = <F extends (...parameters: never[]) => unknown>(definition: string): F =>
    library.func(definition) as unknown as F;
  const bindIfThere = <F extends (...parameters: never[]) => unknown>(definition: string): F | undefined => {
    try {
      return bind<F>(definition);
    } catch {
      // Not in this C library; the caller offers less.
      return undefined;
    }
  };
  return {
    socket: bind('int socket(int, int, int)'),
    bind: bind('int bind(int, void *, uint32_t)'),
    getsockname: bind('int getsockname(int, void *, void *)'),
    sendto: bind('long sendto(int, void *, size_t, int, void *, uint32_t)'),
    recvfrom: bind('long recvfrom(int, void *, size_t, int, void *, void *)'),
    setsockopt: bind('int setsockopt(int, int, int, void *, uint32_t)'),
    openat: bind('int openat(int, const char *, int, uint32_t)'),
    readlinkat: bind('long readlinkat(int, const char *, void *, size_t)'),
    read: bind('long read(int, void *, size_t)'),
    close: bind('int close(int)'),
    getxattr: bind('long getxattr(const char *, const char *, void *, size_t)'),
    setns: bind('int setns(int, int)'),
    flock: bind('int flock(int, int)'),
    madvise: bind('int madvise(uint64_t, size_t, int)'),
    syscallPath: bind('long syscall(long, long, const char *, void *, size_t)'),
    syscall: bind('long syscall(long, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t)'),
    ioctl: bind('int ioctl(int, uint64_t, uint64_t)'),
    mmap: bindMmap(library),
    munmap: bind('int munmap(uint64_t, size_t)'),
    clock_gettime: bind('int clock_gettime(int, void *)'),
    getpagesize: bind('int getpagesize()'),
    mallocTrim: bindIfThere('int malloc_trim(size_t)'),
    mallopt: bindIfThere('int mallopt(int, int)'),
  };
};

/** koffi hands small unsigned results back as numbers and large ones as bigints; an address is always a bigint here. */
const bindMmap = (library: ReturnType<typeof koffi.load>): Libc['mmap'] => {
  const mmap = library.func('uint64_t mmap(uint64_t, size_t, int, int, int, int64_t)') as unknown as (
    ...parameters: Parameters<Libc['mmap']>
  ) => number | bigint;
  return (...parameters) => BigInt(mmap(...parameters));
};
