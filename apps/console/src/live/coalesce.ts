import type { LiveEvent } from '@parapet/contract/api';
import type { Clock } from '@parapet/core';

export type Coalescer = { readonly add: (event: LiveEvent) => void; readonly close: () => void };

type Kind = LiveEvent['kind'];

/** Events of one kind that wait, merged where one says what several would. Keyed so that equal ones are one. */
type Waiting = Map<string, LiveEvent>;

const idsPerEvent = 100;
/** Distinct events of one kind in one go; the rest waits for the next. */
const perFlush = 50;

/** Emits the first event of a kind at once and those that follow in bursts merged, `everyMs` apart. */
export const createCoalescer = (deps: {
  readonly emit: (event: LiveEvent) => void;
  readonly clock: Clock;
  readonly everyMs: number;
}): Coalescer => {
  const waiting = new Map<Kind, Waiting>();
  const lastAt = new Map<Kind, number>();
  let timer: NodeJS.Timeout | undefined;

  const flushKind = (kind: Kind, queue: Waiting): void => {
    lastAt.set(kind, deps.clock.now());
    let room = perFlush;
    for (const [key, event] of queue) {
      if (room === 0) return;
      room -= 1;
      queue.delete(key);
      for (const part of split(event)) deps.emit(part);
    }
    waiting.delete(kind);
  };
  const flush = (): void => {
    timer = undefined;
    for (const [kind, queue] of waiting) flushKind(kind, queue);
    if (waiting.size > 0) schedule();
  };
  const schedule = (): void => {
    timer ??= setTimeout(flush, deps.everyMs).unref();
  };
  return {
    add: (event) => {
      const queue = waiting.get(event.kind) ?? new Map<string, LiveEvent>();
      const isFirst = queue.size === 0;
      const key = keyOf(event);
      const before = queue.get(key);
      queue.set(key, before === undefined ? event : merge(before, event));
      waiting.set(event.kind, queue);
      const rested = deps.clock.now() - (lastAt.get(event.kind) ?? Number.NEGATIVE_INFINITY) >= deps.everyMs;
      if (isFirst && rested) flushKind(event.kind, queue);
      else schedule();
    },
    close: () => clearTimeout(timer),
  };
};

/** Events with the same key become one. */
const keyOf = (event: LiveEvent): string => {
  switch (event.kind) {
    case 'sensors':
      return event.hostId;
    case 'scans':
      return event.scanId;
    case 'reset':
    case 'map':
    case 'assets':
    case 'findings':
    case 'feeds':
    case 'trust':
      return '';
  }
};

const merge = (before: LiveEvent, next: LiveEvent): LiveEvent => {
  if (before.kind === 'assets' && next.kind === 'assets')
    return { kind: 'assets', ids: [...new Set([...before.ids, ...next.ids])] };
  if (before.kind === 'map' && next.kind === 'map') return before.hostId === next.hostId ? next : { kind: 'map' };
  if (before.kind === 'findings' && next.kind === 'findings') {
    return {
      kind: 'findings',
      opened: before.opened + next.opened,
      closed: before.closed + next.closed,
      ...(before.assetId !== undefined && before.assetId === next.assetId ? { assetId: next.assetId } : {}),
    };
  }
  return next;
};

/** The contract limits the ids in one event. */
const split = (event: LiveEvent): readonly LiveEvent[] => {
  if (event.kind !== 'assets' || event.ids.length <= idsPerEvent) return [event];
  const parts: LiveEvent[] = [];
  for (let start = 0; start < event.ids.length; start += idsPerEvent)
    parts.push({ kind: 'assets', ids: event.ids.slice(start, start + idsPerEvent) });
  return parts;
};
