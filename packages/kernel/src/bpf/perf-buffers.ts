import { attempt, KernelError } from '../kernel-error.ts';
import { lastErrno, libc, memoryAt } from '../libc.ts';
import { type BpfMap, createMap, updateElement } from './bpf.ts';
import type { BpfObject } from './bpf-object.ts';
import { enablePerfEvent, openPerfEvent, programOutput } from './perf-event.ts';
import { createRecords } from './ring-buffer.ts';

/**
 * The reading end of what programs write with `perf_event_output` (Linux 4.4): a ring for each CPU, for kernels before 5.8 that have none for
 * all of them.
 */
export type PerfBuffers = Disposable & {
  readonly map: BpfMap;
  /**
   * Hands over what was written until now, of all CPUs in the order of its time, until `budgetMs` have passed. The bytes are valid during the
   * call only; behind a record the kernel may have added up to 7 bytes. Of two records of which one led to the other, the cause comes first.
   */
  readonly drain: (onRecord: (record: Uint8Array) => void, budgetMs: number) => void;
  /** Records that full rings could not take, as far as the rings told: that is with the next one that a CPU could write. */
  readonly toldLost: () => number;
  /**
   * Opens rings of CPUs that came, lets go of those of CPUs that went, and makes those anew that `broken` names, since a CPU that went and came
   * back writes to no old one.
   */
  readonly follow: (online: readonly number[], broken: (cpu: number) => boolean) => void;
  readonly close: () => void;
};

export type PerfBufferOptions = {
  readonly name: string;
  /** Of each CPU: a power of two, a multiple of the page size. */
  readonly bytesPerCpu: number;
  /** CPUs that may ever be there. */
  readonly possibleCpus: number;
  readonly online: readonly number[];
  /** When a record was made, in nanoseconds of CLOCK_MONOTONIC. */
  readonly timeOf: (record: Uint8Array) => number;
};

/** Throws a `KernelError`. */
export const createPerfBuffers = (options: PerfBufferOptions): PerfBuffers => {
  const { bytesPerCpu, name, possibleCpus: maxEntries, timeOf } = options;
  const map = createMap({ type: 'perfEventArray', name, keyBytes: 4, valueBytes: 4, maxEntries });
  const rings = new Map<number, CpuRing>();
  let lost = 0;
  const countLost = (count: number): void => {
    lost += count;
  };
  const letGo = (cpu: number): void => {
    rings.get(cpu)?.close();
    rings.delete(cpu);
  };
  const start = (cpu: number): void => {
    const ring = openCpuRing(cpu, bytesPerCpu, { timeOf, countLost });
    rings.set(cpu, ring);
    updateElement(map, wordOf(cpu), wordOf(ring.event.fd));
  };
  const close = (): void => {
    for (const cpu of rings.keys()) letGo(cpu);
    map.close();
  };
  try {
    for (const cpu of options.online) start(cpu);
  } catch (error) {
    close();
    throw error;
  }
  let isDraining = false;
  const drain: PerfBuffers['drain'] = (onRecord, budgetMs) => {
    if (isDraining) return;
    isDraining = true;
    try {
      mergeByTime([...rings.values()], Number(process.hrtime.bigint()), budgetMs, onRecord);
    } finally {
      isDraining = false;
    }
  };
  return {
    map,
    drain,
    toldLost: () => lost,
    follow: (online, broken) => {
      for (const cpu of rings.keys()) if (!online.includes(cpu) || broken(cpu)) letGo(cpu);
      // One that goes just now is tried again next time.
      for (const cpu of online) if (!rings.has(cpu)) attempt(() => start(cpu));
    },
    close,
    [Symbol.dispose]: close,
  };
};

/** A ring as the merge needs it. */
export type RecordRing = {
  /** Sets how far it is read this time. */
  readonly begin: () => void;
  /** When the first record that waits was made; `undefined` for none. */
  readonly firstAt: () => number | undefined;
  /** The first record, which is then read. */
  readonly take: (onRecord: (record: Uint8Array) => void) => void;
};

/**
 * What is newer than the moment before the first ring was looked at waits for the next time: on a ring looked at earlier there may be something that
 * led to it.
 */
export const mergeByTime = (
  rings: readonly RecordRing[],
  until: number,
  budgetMs: number,
  onRecord: (record: Uint8Array) => void,
): void => {
  for (const ring of rings) ring.begin();
  const stopAt = performance.now() + budgetMs;
  for (let records = 0; ; records += 1) {
    if (records > 0 && records % recordsBetweenLooks === 0 && performance.now() >= stopAt) return;
    let oldest: RecordRing | undefined;
    let oldestAt = until;
    for (const ring of rings) {
      const at = ring.firstAt();
      if (at === undefined || at > oldestAt) continue;
      oldest = ring;
      oldestAt = at;
    }
    if (oldest === undefined) return;
    oldest.take(onRecord);
  }
};

/** The clock is looked at after so many records. */
const recordsBetweenLooks = 32;

type CpuRing = RecordRing & { readonly event: BpfObject; readonly close: () => void };

const openCpuRing = (
  cpu: number,
  sizeBytes: number,
  deps: { readonly timeOf: (record: Uint8Array) => number; readonly countLost: (count: number) => void },
): CpuRing => {
  const event = openPerfEvent({ type: 'software', config: programOutput, cpu });
  const page = libc().getpagesize();
  const memory = libc().mmap(0, page + sizeBytes, protReadWrite, mapShared, event.fd, 0);
  if (memory === mapFailed) {
    const code = lastErrno();
    event.close();
    throw new KernelError('mmap', code, 'mapping a perf buffer');
  }
  enablePerfEvent(event);
  const ring = readPerfRing({
    positions: new BigUint64Array(memoryAt(memory + positionsAt, 16)),
    data: new Uint8Array(memoryAt(memory + BigInt(page), sizeBytes)),
    ...deps,
  });
  return {
    ...ring,
    event,
    close: () => {
      libc().munmap(memory, page + sizeBytes);
      event.close();
    },
  };
};

/**
 * Reads a ring (`struct perf_event_mmap_page`): `positions` are what was written and what was read, both growing without end. A record begins at
 * a multiple of 8 bytes, so its head lies in one piece.
 */
export const readPerfRing = (ring: {
  readonly positions: BigUint64Array;
  readonly data: Uint8Array;
  readonly timeOf: (record: Uint8Array) => number;
  readonly countLost: (count: number) => void;
}): RecordRing => {
  const { positions, data } = ring;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const recordAt = createRecords(data);
  const mask = data.length - 1;
  let end = 0n;
  let first: { readonly record: Uint8Array; readonly at: number; readonly bytes: number } | undefined;
  const pass = (bytes: number): void => {
    Atomics.store(positions, tail, Atomics.load(positions, tail) + BigInt(bytes));
  };
  const look = (): typeof first => {
    for (let position = Atomics.load(positions, tail); position < end; position = Atomics.load(positions, tail)) {
      const at = Number(position & BigInt(mask));
      const bytes = view.getUint16(at + 6, true);
      // Never written so by the kernel; without this it would be read for ever.
      if (bytes < headBytes) {
        Atomics.store(positions, tail, end);
        return undefined;
      }
      const kind = view.getUint32(at, true);
      if (kind === kinds.sample) {
        const length = view.getUint32((at + headBytes) & mask, true);
        const record = recordAt((at + headBytes + 4) & mask, Math.min(length, bytes - headBytes - 4));
        return { record, at: ring.timeOf(record), bytes };
      }
      // Its head, the number of the event, then how many.
      if (kind === kinds.lost) ring.countLost(Number(view.getBigUint64((at + headBytes + 8) & mask, true)));
      pass(bytes);
    }
    return undefined;
  };
  return {
    begin: () => {
      end = Atomics.load(positions, head);
    },
    firstAt: () => {
      first ??= look();
      return first?.at;
    },
    take: (onRecord) => {
      const taken = first ?? look();
      first = undefined;
      if (taken === undefined) return;
      // Read before it is handed over: what fails there does not come again.
      try {
        onRecord(taken.record);
      } finally {
        pass(taken.bytes);
      }
    },
  };
};

/** `linux/perf_event.h`: kinds of records, and where the page before the data has `data_head` and `data_tail`. */
const kinds = { lost: 2, sample: 9 } as const;
const positionsAt = 1024n;
const head = 0;
const tail = 1;
const headBytes = 8;
const protReadWrite = 3;
const mapShared = 1;
const mapFailed = 0xffff_ffff_ffff_ffffn;

const wordOf = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
