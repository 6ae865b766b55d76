import type { MapView } from '@parapet/contract/api';

export type ViewCache = {
  /** The view under this key, built when none is fresh; callers that ask together share one. */
  readonly get: (key: string, keepMs: number, build: () => Promise<MapView>) => Promise<MapView>;
};

const maxViews = 64;

/** Keeps the last views for a moment, so that many browsers on the same view cost one query. Keys must include the scope. */
export const createViewCache = (now: () => number): ViewCache => {
  const views = new Map<string, { readonly view: Promise<MapView>; readonly until: number }>();
  return {
    get: (key, keepMs, build) => {
      const known = views.get(key);
      if (known !== undefined && known.until > now()) return known.view;
      const view = build();
      views.delete(key);
      views.set(key, { view, until: now() + keepMs });
      view.catch(() => views.delete(key));
      for (const oldest of views.keys()) {
        if (views.size <= maxViews) break;
        views.delete(oldest);
      }
      return view;
    },
  };
};
