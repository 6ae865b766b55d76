import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { ProbedFile } from '@parapet/kernel';
import type { FileHash, StartedProgram } from './started-program.ts';

/**
 * SHA-256 of the programs that run, each worked out when it is first seen. A start is told whether its hash is known or not: `complete`
 * is asked when the event is told and once more when it leaves, a moment later.
 */
export type ExecutableHashes = {
  readonly begin: (program: StartedProgram, event: TelemetryEvent) => void;
  /** Lays over an event what is known of its program; `false` while that may still come, unless it cannot wait. */
  readonly complete: (event: TelemetryEvent, canWait: boolean) => boolean;
};

export type ExecutableHashesDeps = {
  /** Reads the program of a process. */
  readonly hash: (program: StartedProgram) => Promise<FileHash>;
  readonly maxKnown?: number;
  readonly maxWaiting?: number;
};

/** Some 250 bytes each; what was not run for longest is forgotten first. */
const maxKnownDefault = 4096;
/** Processes of one program that are tried, one after the other. */
const maxTried = 4;
/** A host that starts begins many programs at once. */
const maxWaitingDefault = 256;

export const createExecutableHashes = ({
  hash,
  maxKnown = maxKnownDefault,
  maxWaiting = maxWaitingDefault,
}: ExecutableHashesDeps): ExecutableHashes => {
  const known = new Map<string, FileHash>();
  /** By file, the processes through which it may be read: one that is gone by then leaves it to the next. */
  const waiting = new Map<string, StartedProgram[]>();
  const keys = new WeakMap<TelemetryEvent, string>();
  let isWorking = false;

  const keep = (key: string, found: FileHash): void => {
    known.delete(key);
    known.set(key, found);
    const oldest = known.keys().next();
    if (known.size > maxKnown && !oldest.done) known.delete(oldest.value);
  };
  const work = async (): Promise<void> => {
    if (isWorking) return;
    isWorking = true;
    for (let [next] = waiting; next !== undefined; [next] = waiting) {
      const [key, programs] = next;
      for (const program of programs) {
        const found = await hash(program);
        keep(key, found);
        if (isLasting(found)) break;
      }
      waiting.delete(key);
    }
    isWorking = false;
  };

  return {
    begin: (program, event) => {
      const key = keyOf(program.exe);
      keys.set(event, key);
      const found = known.get(key);
      if (found !== undefined) keep(key, found);
      // One whose process was gone may be found when it runs again.
      if (found !== undefined && isLasting(found)) return;
      const others = waiting.get(key);
      if (others !== undefined) {
        if (others.length < maxTried) others.push(program);
        return;
      }
      if (waiting.size >= maxWaiting) {
        keep(key, { absent: 'busy' });
        return;
      }
      waiting.set(key, [program]);
      void work();
    },
    complete: (event, canWait) => {
      const key = keys.get(event);
      if (key === undefined) return true;
      const isWaiting = waiting.has(key);
      if (isWaiting && canWait) return false;
      const found = isWaiting ? late : (known.get(key) ?? late);
      if ('sha256' in found) event['process.hash.sha256'] = found.sha256;
      else event['parapet.process.hash_absent'] = found.absent;
      return true;
    },
  };
};

const late: FileHash = { absent: 'late' };
const isLasting = (found: FileHash): boolean => 'sha256' in found || found.absent === 'large';

/** A file that was changed is another one: the kernel sets the time, and nobody else can. */
const keyOf = ({ device, inode, changedNs }: ProbedFile): string => `${device}:${inode}:${changedNs}`;
