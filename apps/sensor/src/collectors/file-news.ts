import type { TelemetryEvent } from '@parapet/contract/telemetry';

/** Passes on which of the host’s files changed, from whoever watches them to whoever looks at some of them. */
export type FileNews = {
  /** At once, whatever is recorded. */
  readonly tell: (path: string) => void;
  /** The event of it, with who did it, where the policy wants such. */
  readonly record: (event: TelemetryEvent) => void;
  /** Returns how to stop listening. */
  readonly onChange: (listener: FileListener) => () => void;
};

export type FileListener = {
  readonly changed: (path: string) => void;
  readonly recorded: (event: TelemetryEvent) => void;
};

export const createFileNews = (): FileNews => {
  const listeners = new Set<FileListener>();
  return {
    tell: (path) => {
      for (const { changed } of listeners) changed(path);
    },
    record: (event) => {
      for (const { recorded } of listeners) recorded(event);
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
