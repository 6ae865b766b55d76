import { z } from 'zod';
import type { StateFile } from '../state/state-files.ts';

const Entry = z.object({
  taskId: z.uuid(),
  state: z.enum(['done', 'failed', 'cancelled']),
  message: z.string().max(2048).optional(),
  reason: z.string().max(64).optional(),
  transferId: z.uuid().optional(),
  acknowledged: z.boolean(),
});
export type JournalEntry = z.infer<typeof Entry>;

export const JournalFile = z.object({ format: z.literal(1), entries: z.array(Entry).max(4096) });

/** How tasks ended, kept over restarts: a task delivered twice is answered from here and not done again. */
export type TaskJournal = {
  readonly find: (taskId: string) => JournalEntry | undefined;
  readonly record: (entry: JournalEntry) => Promise<void>;
  readonly acknowledge: (taskId: string) => Promise<void>;
  readonly unacknowledged: () => readonly JournalEntry[];
  /** Resolves when everything said so far is on disk, or was found not to go there. */
  readonly settled: () => Promise<void>;
};

const keptEntries = 256;

/** When the disk takes nothing (`onUnsaved`), tasks go on: only a restart could then make one of them be done twice. */
export const openTaskJournal = async (
  file: StateFile<z.infer<typeof JournalFile>>,
  onUnsaved: (error: unknown) => void,
): Promise<TaskJournal> => {
  let entries: readonly JournalEntry[] = (await file.read())?.entries ?? [];
  let saving: Promise<void> = Promise.resolve();
  const save = async (next: readonly JournalEntry[]): Promise<void> => {
    entries = next.slice(-keptEntries);
    saving = file.write({ format: 1, entries: [...entries] }).catch(onUnsaved);
    await saving;
  };
  return {
    find: (taskId) => entries.find((entry) => entry.taskId === taskId),
    record: (entry) => save([...entries.filter((other) => other.taskId !== entry.taskId), entry]),
    acknowledge: async (taskId) => {
      const entry = entries.find((other) => other.taskId === taskId);
      if (entry === undefined || entry.acknowledged) return;
      await save(entries.map((other) => (other === entry ? { ...entry, acknowledged: true } : other)));
    },
    unacknowledged: () => entries.filter((entry) => !entry.acknowledged),
    settled: () => saving,
  };
};
