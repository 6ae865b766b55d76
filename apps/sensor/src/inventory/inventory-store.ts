import { crc32 } from 'node:zlib';
import { type InventoryRecord, isLiveRecord, type RecordKind, tellsLife } from '@parapet/contract/wire';
import { type Clock, elapsedBy } from '@parapet/core';
import type { InventorySink } from '../collectors/collector.ts';
import { collectorOfKind, defaultInventoryLimits, type InventoryLimits, sendingOrder } from './inventory-limits.ts';
import { createLineQueue, type LineQueue, type RecordLine } from './line-queue.ts';
import { fitRecord } from './record-fitting.ts';

export type LossCounter = (loss: {
  readonly collector: string;
  readonly stage: string;
  readonly cause: string;
  readonly count: number;
}) => void;

/**
 * The latest version of each live record, and which of them the console has not been told yet. A change to a record that
 * still waits replaces it: its start and end travel with it, so nothing is lost by that. What is over waits in a queue until
 * it was put into a frame.
 */
export type InventoryStore = InventorySink & {
  /** Takes what waits, of the first kinds first, until `maxBytes` of JSON or `maxLines`; always at least one line if any waits. */
  readonly take: (maxBytes: number, maxLines: number) => readonly RecordLine[];
  /** Puts lines back in front, in their order, after a frame that carried them was given up. */
  readonly putBack: (lines: readonly RecordLine[]) => void;
  /** Makes all live records wait to be sent. */
  readonly beginSnapshot: () => void;
  /** Live records of the snapshot that still wait. */
  readonly snapshotRemaining: () => number;
  readonly liveCount: () => number;
  readonly waiting: () => number;
  /** Age of the longest-waiting record. */
  readonly waitingAgeMs: () => number;
  /** Makes edges wait that were held back because only their counters changed, once the time of one has come. Call it every second or so. */
  readonly promote: () => void;
  /** Called when something new waits. */
  readonly onWaiting: (listener: () => void) => void;
  /** Called when records that are over had to be dropped: the console can only be put right by a snapshot. */
  readonly onOverflow: (listener: () => void) => void;
};

export const createInventoryStore = (deps: {
  readonly clock: Clock;
  readonly lose: LossCounter;
  readonly limits?: InventoryLimits;
  readonly onRefused?: (detail: { kind: string; key: string; reason: string }) => void;
}): InventoryStore => {
  const limits = deps.limits ?? defaultInventoryLimits;
  const { lose } = deps;
  // Not the time of day: a clock that is set back would hold counters until it is where it was.
  const elapsed = elapsedBy(deps.clock);
  const kinds = Object.fromEntries(sendingOrder.map((kind) => [kind, createKindState()])) as Record<
    RecordKind,
    KindState
  >;
  const refused = new Set<string>();
  let liveBytes = 0;
  let endedBytes = 0;
  let endedCount = 0;
  let snapshotRemaining = 0;
  let wake: () => void = () => {};
  let overflow: () => void = () => {};

  const refuse = (kind: RecordKind, key: string, cause: string): void => {
    const id = `${kind} ${key}`;
    if (refused.has(id)) return;
    // Past the bound the same record may be counted twice: too much is said rather than too little.
    if (refused.size >= 10_000) refused.clear();
    refused.add(id);
    lose({ collector: collectorOfKind[kind], stage: 'inventory', cause, count: 1 });
    deps.onRefused?.({ kind, key: key.slice(0, 256), reason: cause });
  };

  const unmarkSnapshot = (entry: Entry): void => {
    if (!entry.inSnapshot) return;
    entry.inSnapshot = false;
    snapshotRemaining -= 1;
  };

  const markSnapshot = (entry: Entry): void => {
    if (entry.inSnapshot) return;
    entry.inSnapshot = true;
    snapshotRemaining += 1;
  };

  const queueLast = (line: RecordLine): void => {
    const state = kinds[line.kind];
    if (endedCount >= limits.ended || endedBytes + line.json.length > limits.endedBytes) {
      lose({ collector: collectorOfKind[line.kind], stage: 'inventory', cause: 'ended-overflow', count: 1 });
      overflow();
      return;
    }
    state.ended.push({ line, since: elapsed() });
    endedCount += 1;
    endedBytes += line.json.length;
    wake();
  };

  const forget = (kind: RecordKind, key: string): void => {
    const state = kinds[kind];
    const entry = state.live.get(key);
    if (entry === undefined) return;
    liveBytes -= entry.json.length;
    unmarkSnapshot(entry);
    state.live.delete(key);
    state.waiting.delete(key);
    state.deferred.delete(key);
  };

  const wait = (state: KindState, key: string, entry: Entry): void => {
    state.deferred.delete(key);
    if (!state.waiting.has(key)) {
      entry.waitingSince = elapsed();
      state.waiting.set(key, entry);
    }
    wake();
  };

  /** A container that was started again before its last life was sent: both lives are told. */
  const keepEarlierLife = ({ kind, key, startedAt }: InventoryRecord): void => {
    const entry = kinds[kind].waiting.get(key);
    if (entry?.lives !== true || entry.startedAt === startedAt) return;
    queueLast({ kind, key, json: entry.json, live: true, last: true });
  };

  const replace = (record: InventoryRecord, json: string, entry: Entry): void => {
    const state = kinds[record.kind];
    if (entry.json === json) return;
    keepEarlierLife(record);
    const stable = stableHash(record);
    const onlyVolatile = stable !== undefined && stable === entry.stable && entry.endedAt === record.endedAt;
    liveBytes += json.length - entry.json.length;
    Object.assign(entry, {
      json,
      stable,
      startedAt: record.startedAt,
      endedAt: record.endedAt,
      lives: tellsLife(record),
    });
    const dueAt = (entry.sentAt ?? 0) + limits.volatileEveryMs;
    if (onlyVolatile && !state.waiting.has(record.key) && elapsed() < dueAt) {
      if (!state.deferred.has(record.key)) state.deferred.set(record.key, dueAt);
      return;
    }
    wait(state, record.key, entry);
  };

  const put = (candidate: InventoryRecord): void => {
    const fitted = fitRecord(candidate);
    if (!fitted.ok) {
      refuse(candidate.kind, candidate.key, `${fitted.error.code}${fitted.error.at ? `:${fitted.error.at}` : ''}`);
      return;
    }
    const { record, json } = fitted.value;
    const state = kinds[record.kind];
    if (!isLiveRecord(record)) {
      keepEarlierLife(record);
      forget(record.kind, record.key);
      queueLast({ kind: record.kind, key: record.key, json, live: false, last: true });
      return;
    }
    const entry = state.live.get(record.key);
    if (entry !== undefined) {
      replace(record, json, entry);
      return;
    }
    if (state.live.size >= limits.live[record.kind] || liveBytes + json.length > limits.liveBytes) {
      refuse(record.kind, record.key, `limit-${record.kind}`);
      return;
    }
    refused.delete(`${record.kind} ${record.key}`);
    const { startedAt, endedAt } = record;
    const fresh: Entry = {
      ...{ json, startedAt, endedAt, lives: tellsLife(record), stable: stableHash(record) },
      ...{ waitingSince: 0, inSnapshot: false },
    };
    liveBytes += json.length;
    state.live.set(record.key, fresh);
    wait(state, record.key, fresh);
  };

  const promote = (): void => {
    const { live, deferred } = kinds.edge;
    const now = elapsed();
    if (!deferred.values().some((dueAt) => dueAt <= now)) return;
    // Those whose time comes soon go with them: what a console pays for is frames, so one of thirty edges is a small part of thirty.
    const soon = now + limits.volatileEveryMs / 2;
    for (const [key, dueAt] of deferred) {
      const entry = live.get(key);
      if (dueAt <= soon && entry !== undefined) wait(kinds.edge, key, entry);
    }
  };

  return {
    put,
    end: (kind, key, endedAt, changes = {}) => {
      const entry = kinds[kind].live.get(key);
      if (entry === undefined) return;
      put({ ...(JSON.parse(entry.json) as InventoryRecord), ...changes, endedAt } as InventoryRecord);
    },
    has: (kind, key) => kinds[kind].live.has(key),
    take: (maxBytes, maxLines) => {
      const now = elapsed();
      const lines: RecordLine[] = [];
      let bytes = 0;
      const fits = (json: string): boolean =>
        lines.length === 0 || (bytes + json.length <= maxBytes && lines.length < maxLines);
      for (const kind of sendingOrder) {
        const state = kinds[kind];
        for (
          let queued = state.ended.peek();
          queued !== undefined && fits(queued.line.json);
          queued = state.ended.peek()
        ) {
          state.ended.shift();
          endedCount -= 1;
          endedBytes -= queued.line.json.length;
          bytes += queued.line.json.length;
          lines.push(queued.line);
        }
        if (state.ended.size() > 0) return lines;
        for (const [key, entry] of state.waiting) {
          if (!fits(entry.json)) return lines;
          state.waiting.delete(key);
          unmarkSnapshot(entry);
          entry.sentAt = now;
          bytes += entry.json.length;
          lines.push({
            kind,
            key,
            json: entry.json,
            live: true,
            last: false,
            ...(entry.endedAt === undefined ? {} : { stopped: true }),
          });
        }
      }
      return lines;
    },
    putBack: (lines) => {
      for (const kind of sendingOrder) {
        const state = kinds[kind];
        const ofKind = lines.filter((line) => line.kind === kind);
        const last = ofKind.filter((line) => line.last);
        state.ended.unshift(last.map((line) => ({ line, since: elapsed() })));
        endedCount += last.length;
        for (const line of last) endedBytes += line.json.length;
        for (const { key } of ofKind) {
          const entry = state.live.get(key);
          if (entry === undefined) continue;
          markSnapshot(entry);
          wait(state, key, entry);
        }
      }
    },
    beginSnapshot: () => {
      for (const kind of sendingOrder) {
        const state = kinds[kind];
        for (const [key, entry] of state.live) {
          markSnapshot(entry);
          wait(state, key, entry);
        }
      }
    },
    snapshotRemaining: () => snapshotRemaining,
    liveCount: () => sendingOrder.reduce((sum, kind) => sum + kinds[kind].live.size, 0),
    waiting: () => endedCount + sendingOrder.reduce((sum, kind) => sum + kinds[kind].waiting.size, 0),
    waitingAgeMs: () => {
      const now = elapsed();
      let oldest = now;
      for (const kind of sendingOrder) {
        const first = kinds[kind].waiting.values().next().value;
        oldest = Math.min(oldest, first?.waitingSince ?? now, kinds[kind].ended.peek()?.since ?? now);
      }
      // Whole milliseconds: the wire takes no others, and a heartbeat that it refuses ends the connection.
      return Math.max(0, Math.round(now - oldest));
    },
    promote,
    onWaiting: (listener) => {
      wake = listener;
    },
    onOverflow: (listener) => {
      overflow = listener;
    },
  };
};

type Entry = {
  json: string;
  startedAt: number;
  endedAt: number | undefined;
  /** Whether another start makes it another life that counts. */
  lives: boolean;
  /** Hash of all but the counters, of kinds that have counters. */
  stable: number | undefined;
  waitingSince: number;
  sentAt?: number;
  inSnapshot: boolean;
};

type KindState = {
  readonly live: Map<string, Entry>;
  /** Keys to send, longest waiting first. */
  readonly waiting: Map<string, Entry>;
  /** Keys of which only counters changed, with the time from which they may be sent. */
  readonly deferred: Map<string, number>;
  readonly ended: LineQueue;
};

const createKindState = (): KindState => ({
  live: new Map(),
  waiting: new Map(),
  deferred: new Map(),
  ended: createLineQueue(),
});

const stableHash = (record: InventoryRecord): number | undefined => {
  if (record.kind !== 'edge') return undefined;
  const { lastSeenAt: _, connections: __, bytesSent: ___, bytesReceived: ____, ...rest } = record;
  return crc32(JSON.stringify(rest));
};
