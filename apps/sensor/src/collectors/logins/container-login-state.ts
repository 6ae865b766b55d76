import { z } from 'zod';
import { LogPosition } from './log-tail.ts';

/** Containers whose files are followed at once, and of those that ended the ones whose place is kept for their next start. */
export const containerLimits = { followed: 512, ended: 128 } as const;

export const maxKeptName = 256;

/** Up to where the logs of containers were told, by the key of their records. */
export const ContainerLoginState = z.object({
  format: z.literal(1),
  savedAt: z.number().int().nonnegative(),
  containers: z.record(
    z.string().max(512),
    z.object({
      name: z.string().max(maxKeptName),
      runtimeId: z.string().max(128),
      startedAt: z.number().nonnegative(),
      /** Whether anything was written to its files since it started. */
      isWritten: z.boolean(),
      /** When it had ended and what was left had been read. */
      endedAt: z.number().nonnegative().optional(),
      /** Where its runtime keeps what was written in it, as the host sees it. */
      upper: z.string().max(256).optional(),
      files: z.record(z.string().max(64), LogPosition),
    }),
  ),
});
export type ContainerLoginState = z.infer<typeof ContainerLoginState>;
export type KeptContainer = ContainerLoginState['containers'][string];
