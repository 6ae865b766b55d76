import { KernelError } from '../kernel-error.ts';
import { lastErrno, libc, memoryAt } from '../libc.ts';
import { type BpfMap, createMap } from './bpf.ts';

/**
 * The reading end of a BPF ring buffer (Linux 5.8; the kernel's Documentation/bpf/ringbuf.rst). The kernel would map its data pages
 * twice in a row, so that no record has to be put together; but it maps them all at once, and each counts as memory of this process
 * twice. One record in thousands is copied instead.
 */
export type RingBuffer = Disposable & {
  readonly map: BpfMap;
  readonly sizeBytes: number;
  /**
   * Hands over what waits, oldest first, until `budgetMs` have passed, and returns how many. The bytes given are the ring's own
   * or of the reader: they are valid during the call only. What is left waits, and what the kernel cannot add to it meanwhile, the probes count.
   */
  readonly drain: (onRecord: (record: Uint8Array) => void, budgetMs: number) => number;
  /** Bytes that wait to be read. */
  readonly waitingBytes: () => number;
  readonly close: () => void;
};

/** `sizeBytes`: a power of two, a multiple of the page size. Throws a `KernelError`. */
export const createRingBuffer = (name: string, sizeBytes: number): RingBuffer => {
  const map = createMap({ type: 'ringBuffer', name, keyBytes: 0, valueBytes: 0, maxEntries: sizeBytes });
  try {
    return openRingBuffer(map, sizeBytes);
  } catch (error) {
    map.close();
    throw error;
  }
};

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const mapFailed = 0xffff_ffff_ffff_ffffn;
const headerBytes = 8;
const busyBit = 0x8000_0000;
const discardBit = 0x4000_0000;
/** The clock is looked at after so many records. */
const recordsBetweenLooks = 32;

const openRingBuffer = (map: BpfMap, sizeBytes: number): RingBuffer => {
  const page = pageBytes();
  const consumerMemory = mapPages(map.fd, page, PROT_READ | PROT_WRITE, 0);
  const ringBytes = page + sizeBytes;
  const producerMemory = mapPages(map.fd, ringBytes, PROT_READ, page);
  // Positions grow without end; the kernel keeps them as unsigned long.
  const consumed = new BigUint64Array(memoryAt(consumerMemory, 8));
  const produced = new BigUint64Array(memoryAt(producerMemory, 8));
  const data = memoryAt(producerMemory + BigInt(page), sizeBytes);
  const headers = new Int32Array(data);
  const recordAt = createRecords(new Uint8Array(data));
  const mask = BigInt(sizeBytes - 1);
  let open = true;
  let isDraining = false;

  const drain: RingBuffer['drain'] = (onRecord, budgetMs) => {
    // What a record leads to may ask for the next ones, which come anyhow; begun anew, this one would be told twice.
    if (!open || isDraining) return 0;
    isDraining = true;
    try {
      return drainUntil(onRecord, budgetMs);
    } finally {
      isDraining = false;
    }
  };
  const drainUntil: RingBuffer['drain'] = (onRecord, budgetMs) => {
    let position = Atomics.load(consumed, 0);
    const end = Atomics.load(produced, 0);
    const until = performance.now() + budgetMs;
    let records = 0;
    while (position < end && (records === 0 || records % recordsBetweenLooks !== 0 || performance.now() < until)) {
      const at = Number(position & mask);
      const header = Atomics.load(headers, at >> 2) >>> 0;
      // Still being written: what comes after it waits too, so that order is kept.
      if ((header & busyBit) !== 0) break;
      const length = header & ~(busyBit | discardBit);
      if ((header & discardBit) === 0) {
        onRecord(recordAt((at + headerBytes) & (sizeBytes - 1), length));
        records += 1;
      }
      position += BigInt((length + headerBytes + 7) & ~7);
      Atomics.store(consumed, 0, position);
    }
    return records;
  };
  const close = (): void => {
    if (!open) return;
    open = false;
    libc().munmap(consumerMemory, page);
    libc().munmap(producerMemory, ringBytes);
    map.close();
  };
  return {
    map,
    sizeBytes,
    drain,
    waitingBytes: () => (open ? Number(Atomics.load(produced, 0) - Atomics.load(consumed, 0)) : 0),
    close,
    [Symbol.dispose]: close,
  };
};

/** A header begins at a multiple of its 8 bytes, so it lies in one piece; what follows may go on at the beginning of the ring. */
export const createRecords = (ring: Uint8Array): ((at: number, length: number) => Uint8Array) => {
  let joined = new Uint8Array(0);
  return (at, length) => {
    const before = ring.length - at;
    if (length <= before) return ring.subarray(at, at + length);
    if (joined.length < length) joined = new Uint8Array(length);
    joined.set(ring.subarray(at));
    joined.set(ring.subarray(0, length - before), before);
    return joined.subarray(0, length);
  };
};

const mapPages = (fd: number, length: number, protection: number, offset: number): bigint => {
  const address = libc().mmap(0, length, protection, MAP_SHARED, fd, offset);
  if (address === mapFailed) throw new KernelError('mmap', lastErrno(), 'mapping a ring buffer');
  return address;
};

const pageBytes = (): number => libc().getpagesize();
