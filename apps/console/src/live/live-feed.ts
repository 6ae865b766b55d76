import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { LiveEvent } from '@parapet/contract/api';
import { type Clock, unavailable } from '@parapet/core';
import { createCoalescer } from './coalesce.ts';

/** Publishes what changed to all connected browsers. Events carry ids, never content: what a caller may see is decided when it fetches. */
export type LiveFeed = {
  readonly publish: (event: LiveEvent) => void;
};

export type LiveStreamOptions = {
  /** The id of the last event the browser saw, from `Last-Event-ID`. */
  readonly lastEventId: string | undefined;
  /** What of an event this browser may know; undefined for nothing of it. */
  readonly narrow: (event: LiveEvent) => LiveEvent | undefined | Promise<LiveEvent | undefined>;
};

export type LiveHub = LiveFeed & {
  /** A stream of server-sent events. It ends when the reader is too slow; the reader comes back and resumes. */
  readonly open: (options: LiveStreamOptions) => Readable;
  readonly figures: () => { readonly streams: number; readonly published: number; readonly dropped: number };
  /** Ends all streams. */
  readonly close: () => void;
};

/** How many events a browser may have missed and still resume. */
const ringSize = 1_024;
const maxStreams = 1_000;
/** A browser that is behind by more than this is not reading. */
const backlogBytes = 256 * 1024;
const maxNarrowing = 256;
const heartbeatMs = 15_000;

type Numbered = { readonly number: number; readonly event: LiveEvent };

export const createLiveHub = (deps: { readonly clock: Clock; readonly everyMs?: number }): LiveHub => {
  // Numbers start anew with each process; another epoch tells that what was missed is unknown.
  const epoch = randomBytes(6).toString('hex');
  const ring: Numbered[] = [];
  const streams = new Set<LiveStream>();
  let last = 0;
  let dropped = 0;

  const emit = (event: LiveEvent): void => {
    last += 1;
    const numbered = { number: last, event };
    ring.push(numbered);
    if (ring.length > ringSize) ring.shift();
    for (const stream of streams) stream.offer(numbered);
  };
  const coalescer = createCoalescer({ emit, clock: deps.clock, everyMs: deps.everyMs ?? 50 });
  const beat = setInterval(() => {
    for (const stream of streams) stream.beat();
  }, heartbeatMs);
  beat.unref();

  /** What a browser missed, or a reset when that is not known any more. */
  const missedSince = (lastEventId: string | undefined): readonly Numbered[] => {
    if (lastEventId === undefined || lastEventId === '') return [];
    const [itsEpoch, text] = lastEventId.split('-', 2);
    const seen = Number(text);
    const oldest = ring[0]?.number ?? last + 1;
    const known = itsEpoch === epoch && Number.isInteger(seen) && seen >= oldest - 1 && seen <= last;
    return known ? ring.filter(({ number }) => number > seen) : [{ number: last, event: { kind: 'reset' } }];
  };

  return {
    publish: coalescer.add,
    open: (options) => {
      if (streams.size >= maxStreams)
        throw unavailable('too-many-streams', 'Too many pages are open on this console. Close some, or try again.');
      const stream = createLiveStream(epoch, options.narrow, (tooSlow) => {
        streams.delete(stream);
        if (tooSlow) dropped += 1;
      });
      stream.greet(last);
      for (const missed of missedSince(options.lastEventId)) stream.offer(missed);
      streams.add(stream);
      return stream.readable;
    },
    figures: () => ({ streams: streams.size, published: last, dropped }),
    close: () => {
      clearInterval(beat);
      coalescer.close();
      for (const stream of [...streams]) stream.end();
    },
  };
};

type LiveStream = {
  readonly readable: Readable;
  readonly greet: (last: number) => void;
  readonly offer: (numbered: Numbered) => void;
  readonly beat: () => void;
  readonly end: () => void;
};

const createLiveStream = (
  epoch: string,
  narrow: LiveStreamOptions['narrow'],
  onEnd: (tooSlow: boolean) => void,
): LiveStream => {
  const readable = new Readable({ read: () => undefined, highWaterMark: backlogBytes });
  let ended = false;
  let narrowing = 0;
  // Narrowing may ask the database; the chain keeps the events in their order.
  let chain: Promise<void> = Promise.resolve();

  const finish = (tooSlow: boolean): void => {
    if (ended) return;
    ended = true;
    onEnd(tooSlow);
    if (tooSlow) readable.destroy();
    // An end that is pushed after it was destroyed would hide from the response that it must be closed.
    else if (!readable.destroyed) readable.push(null);
  };
  readable.once('close', () => finish(false));
  const write = (text: string): void => {
    if (ended) return;
    readable.push(text);
    if (readable.readableLength > backlogBytes) finish(true);
  };
  const writeEvent = ({ number, event }: Numbered): void =>
    write(`id: ${epoch}-${number}\ndata: ${JSON.stringify(event)}\n\n`);

  return {
    readable,
    // An id without data sets where to resume and shows nothing. A browser on a Docker host cuts its connections whenever a
    // container brings up an interface: it comes back at once, or the container would be on screen too late.
    greet: (last) => write(`retry: 400\nid: ${epoch}-${last}\n\n`),
    offer: ({ number, event }) => {
      const narrowed = narrow(event);
      if (narrowing === 0 && !(narrowed instanceof Promise)) {
        if (narrowed !== undefined) writeEvent({ number, event: narrowed });
        return;
      }
      narrowing += 1;
      if (narrowing > maxNarrowing) return finish(true);
      // Its failure is dealt with when its turn comes.
      if (narrowed instanceof Promise) narrowed.catch(() => undefined);
      chain = chain
        .then(() => narrowed)
        .then(
          (visible) => {
            narrowing -= 1;
            if (visible !== undefined) writeEvent({ number, event: visible });
          },
          // It may have missed something, so it must come back and resume.
          () => finish(true),
        );
    },
    beat: () => write(': beat\n\n'),
    end: () => finish(false),
  };
};
