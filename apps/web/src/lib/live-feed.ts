import { LiveEvent, type RouteName } from '@parapet/contract/api';
import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';

/** `connecting` only before the first connection; `reconnecting` says since when the shown data may be old. */
export type LiveState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'reconnecting'; readonly since: string };

export type LiveFeed = { readonly close: () => void };

/**
 * Maps the console's live feed to query invalidation. Bursts are gathered: a name is fetched anew at most every
 * `debounceMs`, and only queries that are on screen are fetched at all.
 */
export const createLiveFeed = (
  client: QueryClient,
  open: () => EventSource = () => new EventSource('/api/v1/live'),
  debounceMs = 400,
): LiveFeed => {
  const changed = createInvalidator(client, debounceMs);
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let attempts = 0;
  const connect = (): void => {
    source = open();
    source.onopen = () => {
      // What was missed while away is not known to an EventSource that was made anew.
      if (attempts > 0) changed.everything();
      attempts = 0;
      setState({ kind: 'live' });
    };
    source.onmessage = (message) => changed.event(message.data as string);
    source.onerror = () => {
      if (state.kind !== 'reconnecting') setState({ kind: 'reconnecting', since: new Date().toISOString() });
      // The browser resumes by itself unless the answer was a refusal.
      if (source?.readyState !== 2) return;
      source.close();
      attempts += 1;
      retry = setTimeout(connect, Math.min(30_000, 1000 * 2 ** Math.min(attempts, 5)));
    };
  };
  connect();
  return {
    close: () => {
      clearTimeout(retry);
      changed.stop();
      source?.close();
      setState({ kind: 'connecting' });
    },
  };
};

export const useLiveState = (): LiveState => useSyncExternalStore(subscribe, () => state);

/** Route names whose answers an event may have changed. */
export const affectedBy = (event: LiveEvent): readonly RouteName[] | 'all' => {
  switch (event.kind) {
    case 'reset':
      return 'all';
    case 'map':
      return ['map.view', 'map.edge', 'map.changes', 'map.path', 'assets.edges', 'assets.processes'];
    case 'assets':
      return [
        'assets.list',
        'assets.facets',
        'assets.get',
        'assets.timeline',
        'assets.processes',
        'assets.packages',
        'overview.get',
      ];
    case 'findings':
      return [
        'findings.list',
        'findings.groups',
        'findings.facets',
        'findings.get',
        'overview.get',
        'assets.get',
        'assets.list',
        'assets.packages',
      ];
    case 'sensors':
      return [
        'sensors.list',
        'sensors.get',
        'sensorUpgrades.list',
        'trust.get',
        'enrolmentKeys.list',
        'telemetryPolicy.get',
        'telemetryPolicy.ofHost',
      ];
    case 'scans':
      return ['scans.list', 'assets.get'];
    case 'feeds':
      return ['feeds.status', 'trust.get', 'overview.get'];
    case 'trust':
      return ['trust.get', 'status.get'];
  }
};

let state: LiveState = { kind: 'connecting' };
const listeners = new Set<() => void>();

const setState = (next: LiveState): void => {
  state = next;
  for (const listener of listeners) listener();
};

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

const createInvalidator = (client: QueryClient, debounceMs: number) => {
  const waiting = new Set<RouteName>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    timer = undefined;
    const names = new Set<unknown>(waiting);
    waiting.clear();
    void client.invalidateQueries({ predicate: (query) => names.has(query.queryKey[0]) });
  };
  return {
    event: (data: string): void => {
      const event = parseEvent(data);
      if (event === undefined) return;
      const names = affectedBy(event);
      if (names === 'all') return void client.invalidateQueries();
      for (const name of names) waiting.add(name);
      timer ??= setTimeout(flush, debounceMs);
    },
    everything: () => void client.invalidateQueries(),
    stop: () => clearTimeout(timer),
  };
};

/** A newer console may send kinds that this page does not know; they change nothing here. */
const parseEvent = (data: string): LiveEvent | undefined => {
  try {
    const parsed = LiveEvent.safeParse(JSON.parse(data));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
};
