import { opendirSync, readdirSync, readlinkSync } from 'node:fs';
import type { KnownProcess } from '../workload-directory.ts';

/** Which process holds a socket, by the links in `/proc/<pid>/fd`. */
export type SocketOwners = {
  /** The holder, where it is known by now and still lives. */
  readonly ownerOf: (inode: number) => KnownProcess | undefined;
  /** True when a whole walk did not find a holder: there is none, or it may not be seen. */
  readonly isOwnerless: (inode: number) => boolean;
  /** Looks for the holders of sockets as long as its allowance lasts; a later call goes on where this one stopped. */
  readonly search: (inodes: ReadonlySet<number>) => void;
  /** A process that the kernel told of as it began to listen: it is asked first. */
  readonly expectAt: (pid: number) => void;
  /** Forgets sockets that are gone. */
  readonly keepOnly: (inodes: ReadonlySet<number>) => void;
};

export type SocketOwnersDeps = {
  readonly procPath: string;
  readonly process: (pid: number) => KnownProcess | undefined;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonicMs: () => number;
  /**
   * Milliseconds of processor time that this thread took so far. Searches are paid for in these: on a crowded machine a walk of
   * a few milliseconds may last a hundred times as long, and at its share of a core it would be in debt for a minute.
   */
  readonly processorMs: () => number;
  readonly allowance?: SearchAllowance;
};

/** Searching takes a share of one core; what was not used is saved up for a walk over all processes. */
export type SearchAllowance = { readonly firstMs: number; readonly savedMs: number; readonly share: number };

const ordinaryAllowance: SearchAllowance = { firstMs: 500, savedMs: 150, share: 0.005 };

export const createSocketOwners = (deps: SocketOwnersDeps): SocketOwners => {
  const holders = new Map<number, KnownProcess>();
  const ownerless = new Map<number, Ownerless>();
  const recent = new Set<number>();
  const purse = createPurse(deps.allowance ?? ordinaryAllowance, deps.monotonicMs());
  let walk: Walk = { pids: [], wanted: new Set() };

  const found = (inode: number, pid: number): void => {
    const holder = deps.process(pid);
    if (holder === undefined) return;
    holders.set(inode, holder);
    ownerless.delete(inode);
    rememberRecent(recent, pid);
  };

  const lookForAll = (missing: Set<number>, start: number, budgetMs: number): void => {
    const deadline = start + budgetMs;
    const look = (pid: number): void =>
      lookThrough(pid, missing, { ...deps, deadline, onFound: (inode) => found(inode, pid) });
    const visited = new Set<number>();
    // Half of the time is kept for the walk, or busy processes would keep the others from ever being looked at.
    for (const pid of [...recent].reverse()) {
      if (missing.size === 0 || deps.monotonicMs() > start + budgetMs / 2) break;
      visited.add(pid);
      look(pid);
    }
    while (missing.size > 0 && deps.monotonicMs() <= deadline) {
      const pid = walk.pids.pop();
      if (pid !== undefined) {
        if (!visited.has(pid)) look(pid);
        continue;
      }
      // What was already wanted when this walk began and is still missing is held by nobody that we can see.
      for (const inode of walk.wanted)
        if (missing.delete(inode)) ownerless.set(inode, ownerlessAgain(ownerless.get(inode), deps.monotonicMs()));
      walk = { pids: [], wanted: new Set() };
      if (missing.size === 0) break;
      walk = { pids: listPids(deps.procPath), wanted: new Set(missing) };
      if (walk.pids.length === 0) return;
    }
  };

  return {
    ownerOf: (inode) => {
      const holder = holders.get(inode);
      if (holder === undefined) return undefined;
      // A pid may be another process by now, and a socket may have gone on to a child.
      if (deps.process(holder.pid)?.key === holder.key) return holder;
      holders.delete(inode);
      return undefined;
    },
    isOwnerless: (inode) => (ownerless.get(inode)?.untilMs ?? 0) > deps.monotonicMs(),
    search: (inodes) => {
      const start = deps.monotonicMs();
      const budgetMs = purse.open(start);
      if (budgetMs < leastMs) return;
      const startedWith = deps.processorMs();
      lookForAll(new Set(inodes), start, budgetMs);
      purse.close(deps.processorMs() - startedWith);
    },
    expectAt: (pid) => rememberRecent(recent, pid),
    keepOnly: (inodes) => {
      for (const inode of holders.keys()) if (!inodes.has(inode)) holders.delete(inode);
      for (const inode of ownerless.keys()) if (!inodes.has(inode)) ownerless.delete(inode);
    },
  };
};

/** `open` tells how much may be spent now, `close` how much was. */
const createPurse = (allowance: SearchAllowance, now: number) => {
  let savedMs = allowance.firstMs;
  let filledAt = now;
  return {
    open: (at: number): number => {
      savedMs = Math.max(savedMs, Math.min(allowance.savedMs, savedMs + (at - filledAt) * allowance.share));
      filledAt = at;
      return Math.max(0, savedMs);
    },
    close: (spentMs: number): void => {
      savedMs = Math.min(allowance.savedMs, savedMs - spentMs);
    },
  };
};

type Walk = { readonly pids: number[]; readonly wanted: ReadonlySet<number> };

/** A socket on its way from one process to another is seen by none for a moment; look again after this. */
const ownerlessMs = 60_000;
/** The kernel's own are held by nobody for good, and each look is a walk over all processes: twice as long each time, up to this. */
const longestOwnerlessMs = 16 * ownerlessMs;

type Ownerless = { readonly untilMs: number; readonly forMs: number };

const ownerlessAgain = (before: Ownerless | undefined, nowMs: number): Ownerless => {
  const forMs = before === undefined ? ownerlessMs : Math.min(longestOwnerlessMs, before.forMs * 2);
  return { untilMs: nowMs + forMs, forMs };
};
/** Less than this is saved up first: it would be spent on the way. */
const leastMs = 2;
/** Processes that had a wanted socket lately, or should have one, and are asked first. */
const maxRecent = 32;
/** A process with more open files than this is only looked through so far in one visit. */
const maxFilesPerVisit = 20_000;

const rememberRecent = (recent: Set<number>, pid: number): void => {
  recent.delete(pid);
  recent.add(pid);
  const [oldest] = recent;
  if (recent.size > maxRecent && oldest !== undefined) recent.delete(oldest);
};

/** Newest last, and therefore visited first: an unknown socket is most often one of a new process. */
const listPids = (procPath: string): number[] => {
  try {
    return readdirSync(procPath)
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid > 0)
      .sort((one, other) => one - other);
  } catch {
    // Without /proc no holder can be found; the collector says what it cannot see.
    return [];
  }
};

type Visit = SocketOwnersDeps & { readonly deadline: number; readonly onFound: (inode: number) => void };

const lookThrough = (pid: number, missing: Set<number>, visit: Visit): void => {
  const folder = `${visit.procPath}/${pid}/fd`;
  try {
    using files = opendirSync(folder, { bufferSize: 256 });
    for (let count = 0; count < maxFilesPerVisit && missing.size > 0; count += 1) {
      const file = files.readSync();
      if (file === null) return;
      if ((count & 0xff) === 0xff && visit.monotonicMs() > visit.deadline) return;
      const inode = socketInodeOf(`${folder}/${file.name}`);
      if (inode !== undefined && missing.delete(inode)) visit.onFound(inode);
    }
  } catch {
    // The process is gone, or is another user's: its sockets are then found with nobody.
  }
};

const socketInodeOf = (link: string): number | undefined => {
  try {
    const target = readlinkSync(link);
    return target.startsWith('socket:[') ? Number(target.slice(8, -1)) : undefined;
  } catch {
    // Closed since the folder was read.
    return undefined;
  }
};
