import type { LiveFeed } from '../live/live-feed.ts';
import type { InventoryChange } from './host-context.ts';

export type ChangeListener = (change: InventoryChange) => void;

/** Tells the rest of the console what was committed: listeners at once, browsers at most five times a second for each host. */
export type ChangeFeed = {
  readonly publish: (change: InventoryChange) => void;
  readonly onChange: (listener: ChangeListener) => void;
  readonly stop: () => void;
};

const coalesceMs = 150;
const idsPerEvent = 100;

export const createChangeFeed = (deps: {
  readonly live: LiveFeed;
  readonly onError: (error: unknown) => void;
}): ChangeFeed => {
  const listeners: ChangeListener[] = [];
  const waiting = new Map<string, { assetIds: Set<string>; kinds: Set<string> }>();
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    timer = undefined;
    const assets = new Set<string>();
    let trust = false;
    for (const [hostId, change] of waiting) {
      for (const id of change.assetIds) assets.add(id);
      if (some(change.kinds, mapKinds)) deps.live.publish({ kind: 'map', hostId });
      if (some(change.kinds, sensorKinds)) deps.live.publish({ kind: 'sensors', hostId });
      trust ||= some(change.kinds, trustKinds);
    }
    waiting.clear();
    const ids = [...assets];
    for (let at = 0; at < ids.length; at += idsPerEvent) {
      deps.live.publish({ kind: 'assets', ids: ids.slice(at, at + idsPerEvent) });
    }
    if (trust) deps.live.publish({ kind: 'trust' });
  };
  return {
    publish: (change) => {
      if (change.kinds.length === 0) return;
      for (const listener of listeners) {
        try {
          listener(change);
        } catch (error) {
          deps.onError(error);
        }
      }
      const entry = waiting.get(change.hostId) ?? { assetIds: new Set(), kinds: new Set() };
      for (const id of change.assetIds) entry.assetIds.add(id);
      for (const kind of change.kinds) entry.kinds.add(kind);
      waiting.set(change.hostId, entry);
      timer ??= setTimeout(flush, coalesceMs);
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
    stop: () => clearTimeout(timer),
  };
};

const mapKinds = ['host', 'container', 'process', 'listener', 'edge', 'presence'];
const sensorKinds = ['host', 'collector', 'blind', 'loss', 'presence'];
const trustKinds = ['blind', 'loss', 'presence'];

const some = (kinds: ReadonlySet<string>, wanted: readonly string[]): boolean => wanted.some((kind) => kinds.has(kind));
