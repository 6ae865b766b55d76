import type { HostRecord } from '@parapet/contract/wire';

export type RuntimeState = HostRecord['runtimes'][number];

/** What runs containers on this host, told by the collectors of runtimes, shown in the host's record. */
export type RuntimeStates = {
  readonly set: (state: RuntimeState) => void;
  readonly all: () => readonly RuntimeState[];
  readonly onChange: (listener: () => void) => void;
};

export const createRuntimeStates = (): RuntimeStates => {
  const states = new Map<string, RuntimeState>();
  let listener: () => void = () => {};
  return {
    set: (state) => {
      const before = states.get(state.name);
      states.set(state.name, state);
      if (JSON.stringify(before) !== JSON.stringify(state)) listener();
    },
    all: () => [...states.values()],
    onChange: (callback) => {
      listener = callback;
    },
  };
};
