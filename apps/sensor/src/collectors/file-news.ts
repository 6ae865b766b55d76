/** Passes on which of the host’s files changed, from whoever watches them to whoever looks at some of them. */
export type FileNews = {
  readonly tell: (path: string) => void;
  /** Returns how to stop listening. */
  readonly onChange: (listener: (path: string) => void) => () => void;
};

export const createFileNews = (): FileNews => {
  const listeners = new Set<(path: string) => void>();
  return {
    tell: (path) => {
      for (const listener of listeners) listener(path);
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
