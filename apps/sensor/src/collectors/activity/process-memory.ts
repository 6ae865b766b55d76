/** What is remembered of a process, so that events can name their parents and the owners of sockets after these are gone. */
export type RememberedProcess = {
  readonly name: string;
  readonly executable: string;
};

export type ProcessMemory = {
  readonly remember: (id: string, process: RememberedProcess) => void;
  /** A new process is its parent's program until it becomes another. */
  readonly inherit: (id: string, parentId: string) => void;
  readonly recall: (id: string) => RememberedProcess | undefined;
  readonly size: () => number;
};

/** The oldest are forgotten first: a host with more processes than this has parents without names, which is all that is lost. */
const maxProcesses = 32_768;

export const createProcessMemory = (limit = maxProcesses): ProcessMemory => {
  const processes = new Map<string, RememberedProcess>();
  const remember: ProcessMemory['remember'] = (id, process) => {
    processes.delete(id);
    processes.set(id, process);
    if (processes.size <= limit) return;
    const oldest = processes.keys().next();
    if (!oldest.done) processes.delete(oldest.value);
  };
  return {
    remember,
    inherit: (id, parentId) => {
      const parent = processes.get(parentId);
      if (parent !== undefined) remember(id, parent);
    },
    recall: (id) => processes.get(id),
    size: () => processes.size,
  };
};
