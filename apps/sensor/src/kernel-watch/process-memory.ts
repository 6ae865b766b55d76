import { basename } from 'node:path';

/** What is remembered of a process, so that events can name their parents and the owners of sockets after these are gone. */
export type RememberedProcess = {
  readonly name: string;
  readonly executable: string;
};

export type ProcessMemory = {
  readonly remember: (id: string, process: RememberedProcess) => void;
  /** A new process is its parent's program until it becomes another. */
  readonly inherit: (id: string, parentId: string) => void;
  /** It ended: it is kept for a while, since its connections and children are told of later. */
  readonly end: (id: string) => void;
  readonly recall: (id: string) => RememberedProcess | undefined;
  readonly size: () => number;
};

export type ProcessMemoryLimits = { readonly living: number; readonly ended: number };

/**
 * Some 300 bytes each. The oldest are forgotten first: a host with more processes than this has parents without names, which is
 * all that is lost. Ends that the kernel's ring could not take leave processes among the living until then.
 */
const defaultLimits: ProcessMemoryLimits = { living: 16_384, ended: 2048 };

export const createProcessMemory = (limits: ProcessMemoryLimits = defaultLimits): ProcessMemory => {
  const living = new Map<string, RememberedProcess>();
  const ended = new Map<string, RememberedProcess>();
  const recall = (id: string): RememberedProcess | undefined => living.get(id) ?? ended.get(id);
  const remember: ProcessMemory['remember'] = (id, process) => keepNewest(living, id, process, limits.living);
  return {
    remember,
    inherit: (id, parentId) => {
      const parent = recall(parentId);
      if (parent !== undefined) remember(id, parent);
    },
    end: (id) => {
      const process = living.get(id);
      if (process === undefined) return;
      living.delete(id);
      keepNewest(ended, id, process, limits.ended);
    },
    recall,
    size: () => living.size + ended.size,
  };
};

/** What runs under a pid now, by /proc. */
export type RunningProcess = (pid: number) => { readonly key: string; readonly executable: string } | undefined;

/** A process from before we looked is known as long as it runs, and only if it is still the same one. */
export const recallOrLook = (
  id: string,
  pid: number,
  { memory, running }: { readonly memory: ProcessMemory; readonly running: RunningProcess },
): RememberedProcess => {
  const known = memory.recall(id);
  if (known !== undefined) return known;
  const found = running(pid);
  const process =
    found?.key === id
      ? { name: basename(found.executable), executable: found.executable }
      : { name: '', executable: '' };
  // Also that nothing is known of it, so that it is not looked for again with each child.
  memory.remember(id, process);
  return process;
};

const keepNewest = <V>(map: Map<string, V>, key: string, value: V, limit: number): void => {
  map.delete(key);
  map.set(key, value);
  if (map.size <= limit) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
};
