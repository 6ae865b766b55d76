import type {
  EventAction,
  EventKind,
  TelemetryAccount,
  TelemetryEvent,
  TelemetryLine,
} from '@parapet/contract/telemetry';
import { frameLimits, type Position } from '@parapet/contract/wire';
import type { Clock } from '@parapet/core';
import { type AccountBook, createAccountBook } from './account-book.ts';
import type { Completion } from './completion.ts';
import { createEventFilter, type EventFilter, type Verdict } from './policy/event-filter.ts';
import type { Spool } from './spool/spool.ts';

/** Where collectors leave their events. Nothing here blocks or throws. */
export type TelemetrySink = {
  /** A ledger for one source of events; names are unique. */
  readonly open: (collector: string) => TelemetrySource;
};

export type TelemetrySource = {
  /** `kind` decides what goes first when there is too much. */
  readonly tell: (kind: EventKind, event: TelemetryEvent) => void;
  /** False where the policy leaves out all of an action: what is asked before an event is described need not be described. */
  readonly wants: (action: EventAction) => boolean;
  /** The same of one container, by its runtime's id. */
  readonly wantsIn: (action: EventAction, container: string) => boolean;
  readonly lost: AccountBook['lost'];
  readonly unwanted: AccountBook['unwanted'];
  /** Says how many events the source made since it was opened: the account goes into the stream behind the events. */
  readonly account: (produced: number) => void;
};

/** Gathers events into frames, keeps the accounts, and hands frames to the uplink from the spool within the credit granted. */
export type TelemetryStream = TelemetrySink & {
  /** Packs what waits into the spool; called by a timer too. */
  readonly flush: () => void;
  /** What the console has; absent from one that takes no events, for which none are kept then. */
  readonly resume: (stored: Position | undefined) => void;
  /** Since numbers may leap, credit is a count: `limit - acked` frames may be under way. */
  readonly grant: (flow: { readonly epoch: number; readonly acked: number; readonly limit: number }) => void;
  readonly next: () => Buffer | undefined;
  readonly disconnected: () => void;
  readonly position: () => Position;
  readonly onWaiting: (listener: () => void) => void;
  readonly close: () => Promise<void>;
};

export type TelemetryOptions = {
  readonly clock: Clock;
  readonly openSpool: () => Spool;
  /** Asked when an event is told, which can wait then, and again when it leaves. */
  readonly complete: Completion;
  /** The policy; everything is told without one. */
  readonly filter?: EventFilter;
  /** Events that may wait to be packed, default 20,000. */
  readonly queueEvents?: number;
  readonly flushEveryMs?: number;
};

/**
 * Under pressure flows go first, then files, then all else: a kind may fill the queue up to its share, so that what
 * matters more always finds room.
 */
const shareOfQueue: Readonly<Record<EventKind, number>> = {
  network: 0.5,
  dns: 0.5,
  file: 0.75,
  process: 1,
  privilege: 1,
  kernel: 1,
  container: 1,
  account: 1,
};

const defaultQueueEvents = 20_000;
const defaultFlushMs = 250;
const syncEveryMs = 1000;
/** JSON of one frame; text of this kind shrinks 6 to 10 times. */
const frameJsonBytes = 256 * 1024;
/** Where a loss in the spool is told: it may concern events of any collector. */
const spoolCollector = 'spool';
const overRate = { stage: 'filter', cause: 'rate limit', count: 1 } as const;
const recordAll = createEventFilter([], { containerOf: () => undefined, elapsedMs: () => 0 });

export const createTelemetryStream = (options: TelemetryOptions): TelemetryStream => {
  const { clock, filter = recordAll } = options;
  const queueEvents = options.queueEvents ?? defaultQueueEvents;
  const spool = options.openSpool();
  let waiting: Waiting[] = [];
  /** How many frames may be under way, and those that are. */
  let window = 0;
  let underWay: Position[] = [];
  /** Until the console has spoken they are kept for it. */
  let isWanted = true;
  let wake: () => void = () => {};
  let flushTimer: NodeJS.Timeout | undefined;

  const pack = (lines: readonly Waiting[]): void => {
    let from = 0;
    let bytes = 0;
    const texts: string[] = [];
    const cut = (to: number): void => {
      if (to > from) append(lines.slice(from, to), texts.slice(from, to));
      from = to;
      bytes = 0;
    };
    for (const [index, { content }] of lines.entries()) {
      const text = typeof content === 'string' ? content : eventText(options.complete(content, false) ?? content);
      if (bytes + text.length > frameJsonBytes || index - from >= frameLimits.lines) cut(index);
      texts.push(text);
      bytes += text.length;
    }
    cut(lines.length);
  };

  /** A frame that does not shrink enough is halved. */
  const append = (lines: readonly Waiting[], texts: readonly string[]): void => {
    const events = lines.filter(({ isEvent }) => isEvent);
    const times = lines.map(({ atMs }) => atMs);
    try {
      spool.append({
        body: Buffer.from(texts.join('\n')),
        events: events.length,
        firstAtMs: Math.min(...times),
        lastAtMs: Math.max(...times),
      });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (lines.length === 1) {
        spool.lose('too large', events.length);
        return;
      }
      const half = lines.length >> 1;
      append(lines.slice(0, half), texts.slice(0, half));
      append(lines.slice(half), texts.slice(half));
    }
  };

  /** Those that waited for word of their container are judged by what is known now. */
  const settle = (): void => {
    if (!waiting.some(({ undecided }) => undecided !== undefined)) return;
    waiting = waiting.flatMap(({ undecided, ...line }) => {
      if (undecided === undefined) return [line];
      if (!isTold(filter.judge(undecided.event, true), undecided.book)) return [];
      undecided.book.told(1);
      return [line];
    });
  };

  const flush = (): void => {
    clearTimeout(flushTimer);
    flushTimer = undefined;
    settle();
    const lines = waiting;
    waiting = [];
    if (lines.length > 0) pack(lines);
    const account = accountOfSpool();
    if (account !== undefined) pack([accountLine(account)]);
    if (lines.length > 0 || account !== undefined) wake();
  };
  let spoolLost = -1;
  const accountOfSpool = (): TelemetryAccount | undefined => {
    const { since, byCause } = spool.losses();
    const total = Object.values(byCause).reduce((sum, count) => sum + count, 0);
    if (total === Math.max(0, spoolLost)) return undefined;
    spoolLost = total;
    return {
      kind: 'account',
      collector: spoolCollector,
      ...{ since, to: clock.now(), produced: 0, told: 0, unwanted: 0 },
      lost: Object.entries(byCause).map(([cause, count]) => ({ stage: 'spool', cause, count })),
    };
  };
  const flushEveryMs = options.flushEveryMs ?? defaultFlushMs;
  const openedAtMs = performance.now();
  /** What waits leaves at the next multiple of the time between two; while nothing does, nobody is woken. */
  const wait = (line: Waiting): void => {
    waiting.push(line);
    flushTimer ??= setTimeout(flush, flushEveryMs - ((performance.now() - openedAtMs) % flushEveryMs)).unref();
  };
  const syncTimer = setInterval(() => {
    // A disk that cannot sync refuses the next writes too, and those are counted.
    spool.sync().catch(() => {});
    const account = accountOfSpool();
    if (account !== undefined) wait(accountLine(account));
  }, syncEveryMs);
  syncTimer.unref();

  const openSource = (collector: string): TelemetrySource => {
    const book = createAccountBook(collector, clock.now());
    return {
      tell: (kind, event) => {
        if (!isWanted) {
          book.unwanted(1);
          return;
        }
        const verdict = filter.judge(event, false);
        if (!isTold(verdict, book)) return;
        if (waiting.length >= queueEvents * shareOfQueue[kind]) {
          book.lost({ stage: 'queue', cause: `too many ${kind} events`, count: 1 });
          return;
        }
        const atMs = Math.floor(event['@timestamp'] / 1000);
        if (verdict === 'later') {
          wait({ content: event, isEvent: true, atMs, undecided: { event, book } });
          return;
        }
        // As text at once: an object that waits is work for the garbage collector, text is little.
        const completed = options.complete(event, true);
        const content = completed === undefined ? event : eventText(completed);
        wait({ content, isEvent: true, atMs });
        book.told(1);
      },
      wants: (action) => !filter.off.has(action),
      wantsIn: (action, container) => !filter.off.has(action) && !filter.leavesOut(action, container),
      lost: book.lost,
      unwanted: book.unwanted,
      account: (produced) => {
        settle();
        const account = book.close(produced, clock.now());
        if (account !== undefined) wait(accountLine(account));
      },
    };
  };

  return {
    open: openSource,
    flush,
    resume: (stored) => {
      isWanted = stored !== undefined;
      if (stored !== undefined) spool.resume(stored);
      window = 0;
      underWay = [];
    },
    grant: ({ epoch, acked, limit }) => {
      spool.acknowledge({ epoch, seq: acked });
      underWay = underWay.filter((sent) => sent.epoch > epoch || (sent.epoch === epoch && sent.seq > acked));
      window = limit - acked;
    },
    next: () => {
      const frame = underWay.length < window ? spool.next() : undefined;
      if (frame !== undefined) underWay.push(spool.sent());
      return frame;
    },
    disconnected: () => {
      window = 0;
    },
    position: spool.position,
    onWaiting: (listener) => {
      wake = listener;
    },
    close: async () => {
      clearInterval(syncTimer);
      flush();
      await spool.close();
    },
  };
};

type Waiting = {
  /** The line as text, or an event of which not all is known yet. */
  readonly content: string | TelemetryEvent;
  readonly isEvent: boolean;
  readonly atMs: number;
  /** Not yet judged, and so in no count. */
  readonly undecided?: { readonly event: TelemetryEvent; readonly book: AccountBook };
};

/** Writes down what is not told, and why. */
const isTold = (verdict: Verdict, book: AccountBook): boolean => {
  if (verdict === 'unwanted') book.unwanted(1);
  if (verdict === 'limited') book.lost(overRate);
  return verdict === 'tell' || verdict === 'later';
};

const eventText = (event: TelemetryEvent): string => JSON.stringify({ kind: 'event', event } satisfies TelemetryLine);

const accountLine = (account: TelemetryAccount): Waiting => ({
  content: JSON.stringify(account),
  isEvent: false,
  atMs: account.to,
});
