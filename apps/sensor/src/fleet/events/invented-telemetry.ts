import { type EventKind, eventKinds, type TelemetryEvent } from '@parapet/contract/telemetry';
import type { Clock } from '@parapet/core';
import type { TelemetryPolicyHolder } from '../../telemetry/policy/followed-policy.ts';
import { openSpool } from '../../telemetry/spool/spool.ts';
import { createTelemetryStream, type TelemetrySource, type TelemetryStream } from '../../telemetry/telemetry-stream.ts';

/** A sensor's own stream of events and its accounts; the collectors that fill them are invented. */
export type InventedTelemetry = {
  readonly stream: TelemetryStream;
  readonly tell: (event: TelemetryEvent) => void;
  /** Counts events that were never told, as an overloaded kernel's ring does. */
  readonly lose: (count: number) => void;
  readonly produced: () => number;
  /** Nothing new comes: what waits is packed, with the accounts of it. */
  readonly settle: () => void;
  /** All that was packed is acknowledged. */
  readonly isDrained: () => boolean;
  readonly close: () => Promise<void>;
};

const accountEveryMs = 10_000;
/** Hosts of a fleet share a disk, and what is told is seconds old. */
const limits = { bytes: 16 * 1024 * 1024, ageMs: 24 * 3_600_000, segmentBytes: 1024 * 1024 } as const;
const flushEveryMs = 1000;

export const openInventedTelemetry = (deps: {
  readonly folder: string;
  readonly clock: Clock;
  readonly filter: Pick<TelemetryPolicyHolder, 'judge' | 'off' | 'leavesOut'>;
}): InventedTelemetry => {
  const spool = openSpool({ folder: deps.folder, clock: deps.clock, limits });
  const stream = createTelemetryStream({
    ...{ clock: deps.clock, filter: deps.filter, flushEveryMs },
    complete: (event) => event,
    // Many hosts in one process would wait for the disk most of the time, and what a power cut takes here is invented.
    openSpool: () => ({ ...spool, sync: async () => undefined }),
  });
  const books = new Map<string, { readonly source: TelemetrySource; produced: number }>();
  const bookOf = (collector: string) => {
    const book = books.get(collector) ?? { source: stream.open(collector), produced: 0 };
    books.set(collector, book);
    return book;
  };
  const account = (): void => {
    for (const { source, produced } of books.values()) source.account(produced);
  };
  const timer = setInterval(account, accountEveryMs);
  timer.unref();
  return {
    stream,
    tell: (event) => {
      const kind = kindOf(event['event.action']);
      const book = bookOf(collectors[kind] ?? 'activity');
      book.produced += 1;
      book.source.tell(kind, event);
    },
    lose: (count) => {
      const book = bookOf('activity');
      book.produced += count;
      book.source.lost({ stage: 'kernel', cause: 'ring overflow', count });
    },
    produced: () => [...books.values()].reduce((sum, { produced }) => sum + produced, 0),
    settle: () => {
      account();
      stream.flush();
    },
    isDrained: () => spool.figures().events === 0,
    close: async () => {
      clearInterval(timer);
      account();
      await stream.close();
    },
  };
};

/** Who of a real sensor tells of them. */
const collectors: Readonly<Partial<Record<EventKind, string>>> = { file: 'files', account: 'logins' };

const kinds = new Map<string, EventKind>(
  Object.entries(eventKinds).flatMap(([kind, actions]) =>
    actions.map((action) => [action, kind as EventKind] as const),
  ),
);
const kindOf = (action: string): EventKind => kinds.get(action) ?? 'process';
