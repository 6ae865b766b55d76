import { z } from 'zod';
import type { Point } from './geometry.ts';

const Stored = z.record(z.string(), z.tuple([z.number(), z.number()]));
const prefix = 'parapet.map.';
const maxViews = 24;
const maxNodes = 4_000;

export type PositionStore = {
  readonly load: (view: string) => ReadonlyMap<string, Point>;
  /** Keeps places of nodes that are away too, so that they come back where they were. */
  readonly save: (view: string, positions: ReadonlyMap<string, Point>) => void;
  readonly forget: (view: string) => void;
};

/** Places of nodes per view, in the browser's storage. The views used last are kept; without storage nothing is. */
export const createPositionStore = (storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>): PositionStore => {
  const load = (view: string): ReadonlyMap<string, Point> => {
    try {
      const stored = Stored.parse(JSON.parse(storage.getItem(prefix + view) ?? '{}'));
      return new Map(Object.entries(stored).map(([id, [x, y]]) => [id, { x, y }]));
    } catch {
      return new Map();
    }
  };
  return {
    load,
    save: (view, positions) => {
      const all = new Map([...positions, ...[...load(view)].filter(([id]) => !positions.has(id))]);
      const kept = [...all].slice(0, maxNodes).map(([id, { x, y }]) => [id, [Math.round(x), Math.round(y)]]);
      try {
        remember(storage, view);
        storage.setItem(prefix + view, JSON.stringify(Object.fromEntries(kept)));
      } catch {
        // A full or refused storage only means that the next visit is laid out anew.
      }
    },
    forget: (view) => storage.removeItem(prefix + view),
  };
};

const Recent = z.array(z.string());

const remember = (storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>, view: string): void => {
  const parsed = Recent.safeParse(JSON.parse(storage.getItem(`${prefix}recent`) ?? '[]'));
  const recent = [view, ...(parsed.success ? parsed.data : []).filter((other) => other !== view)];
  for (const old of recent.slice(maxViews)) storage.removeItem(prefix + old);
  storage.setItem(`${prefix}recent`, JSON.stringify(recent.slice(0, maxViews)));
};
