import { z } from 'zod';
import { LogPosition } from './log-tail.ts';

/** Up to where logins were told, and when that was written down. */
export const LoginState = z.object({
  format: z.literal(1),
  savedAt: z.number().int().nonnegative(),
  files: z.record(z.string().max(256), LogPosition),
  /** Place in the journal, where it is what is followed. */
  journal: z.string().max(1024).optional(),
});
export type LoginState = z.infer<typeof LoginState>;
