import type { ProbedEvent, ProbedProcess } from '@parapet/kernel';

/**
 * Who has which number. Sources that tell no more of a process than its number are read a moment after it acted: by then it may have
 * ended, so the last ones that did are kept.
 */
export type ProcessBoard = {
  readonly take: (event: ProbedEvent) => void;
  /** One that runs now and began before we looked; its end will be told. */
  readonly learn: (process: ProbedProcess) => void;
  readonly at: (pid: number) => ProbedProcess | undefined;
  readonly size: () => number;
};

/** Some 400 bytes each. The oldest are forgotten first; they are found in /proc as long as they run. */
const defaultLimits = { living: 8192, ended: 1024 };

export const createProcessBoard = (limits: typeof defaultLimits = defaultLimits): ProcessBoard => {
  const living = new Map<number, ProbedProcess>();
  const ended = new Map<number, ProbedProcess>();
  return {
    take: ({ kind, process }) => {
      switch (kind) {
        case 'fork':
        case 'exec':
        case 'rights':
          keepNewest(living, process, limits.living);
          return;
        case 'exit':
          living.delete(process.pid);
          keepNewest(ended, process, limits.ended);
          return;
        // What others tell of a process it may be told of in the name of another one, or changes nothing.
        case 'socket':
        case 'trace':
        case 'module':
        case 'mount':
        case 'dns':
        case 'datagram':
        case 'dns-stream':
          return;
      }
    },
    learn: (process) => keepNewest(living, process, limits.living),
    at: (pid) => living.get(pid) ?? ended.get(pid),
    size: () => living.size + ended.size,
  };
};

const keepNewest = (processes: Map<number, ProbedProcess>, process: ProbedProcess, limit: number): void => {
  processes.delete(process.pid);
  processes.set(process.pid, process);
  if (processes.size <= limit) return;
  const oldest = processes.keys().next();
  if (!oldest.done) processes.delete(oldest.value);
};
