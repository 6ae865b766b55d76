import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let current = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

/** The time now, the same for all that show it; moves every ten seconds while anyone looks. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => current);

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  timer ??= setInterval(tick, 10_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
};

const tick = (): void => {
  current = Date.now();
  for (const listener of listeners) listener();
};
