import { z } from 'zod';

/**
 * An upgrade under way, kept beside the identity. Written by the old version and read by whichever version runs next, so this
 * shape stays as it is: a field may be added, none changed.
 */
export const UpgradeRecord = z.object({
  format: z.literal(1),
  taskId: z.uuid(),
  from: z.object({ version: z.string().max(64), build: z.string().max(128) }),
  to: z.object({ version: z.string().max(64), build: z.string().max(128) }),
  /**
   * `prepare`: fetching, unpacking, checking; begun anew after a crash. `trial`: the new version runs for the first time; after
   * a crash it is not tried again, since it may be the cause. Whether it came about is told by which version runs.
   */
  step: z.enum(['prepare', 'trial']),
  startedAt: z.number().int().nonnegative(),
  /** The trial's process, to be ended by the next start should it have been left behind. */
  trial: z.object({ pid: z.number().int().positive(), startTicks: z.number().int().nonnegative() }).optional(),
  /** How it ended, where the one who knew could write it down. */
  failure: z.object({ reason: z.string().max(64), message: z.string().max(2048) }).optional(),
});
export type UpgradeRecord = z.infer<typeof UpgradeRecord>;
