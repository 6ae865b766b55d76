/** Whose way in has just ended, or may have. */
export type CredentialEnd = { readonly userId?: string; readonly tokenId?: string; readonly sessionId?: string };

/** Tells open streams to look whether their caller is still let in. A hint only: they look now and then besides. */
export type CredentialEnds = {
  readonly announce: (end: CredentialEnd) => void;
  readonly subscribe: (listener: (end: CredentialEnd) => void) => () => void;
};

export const createCredentialEnds = (): CredentialEnds => {
  const listeners = new Set<(end: CredentialEnd) => void>();
  return {
    announce: (end) => {
      for (const listener of [...listeners]) listener(end);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
