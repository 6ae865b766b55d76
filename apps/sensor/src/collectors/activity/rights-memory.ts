import type { ProbedProcess } from '@parapet/kernel';

/** Whose rights a process has. */
export type Rights = Pick<ProbedProcess, 'uid' | 'effectiveUid' | 'gid' | 'capabilities'>;

/** What each process was allowed when it was last told of, so that a change can say what there was before. */
export type RightsMemory = {
  readonly note: (id: string, process: ProbedProcess) => void;
  /**
   * What it had before, when this is a change of user or group or gains a capability; `unknown` for one not told of yet. A process
   * that has not become another program began with its parent's.
   */
  readonly change: (id: string, parentId: string, process: ProbedProcess) => Rights | 'unknown' | undefined;
  readonly forget: (id: string) => void;
  /** For when changes were not watched for a time. */
  readonly forgetAll: () => void;
  readonly size: () => number;
};

/** The oldest are forgotten first: their next change is told without what there was before. */
const maxProcesses = 16_384;

export const createRightsMemory = (limit = maxProcesses): RightsMemory => {
  const known = new Map<string, Rights>();
  const note: RightsMemory['note'] = (id, { uid, effectiveUid, gid, capabilities }) => {
    known.delete(id);
    known.set(id, { uid, effectiveUid, gid, capabilities });
    const [oldest] = known.keys();
    if (known.size > limit && oldest !== undefined) known.delete(oldest);
  };
  return {
    note,
    change: (id, parentId, process) => {
      const before = known.get(id) ?? known.get(parentId);
      note(id, process);
      if (before === undefined) return 'unknown';
      const isOther =
        before.uid !== process.uid || before.effectiveUid !== process.effectiveUid || before.gid !== process.gid;
      return isOther || (process.capabilities & ~before.capabilities) !== 0n ? before : undefined;
    },
    forget: (id) => {
      known.delete(id);
    },
    forgetAll: () => known.clear(),
    size: () => known.size,
  };
};
