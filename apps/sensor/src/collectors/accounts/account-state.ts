import { z } from 'zod';
import type { AccountEntries, AccountEntry, AccountSubject } from './account-entry.ts';
import { entriesOf } from './account-entry.ts';
import type { LookedAt } from './account-files.ts';

const subjects = [
  'user',
  'group',
  'password',
  'sudo rule',
  'cron job',
  'cron script',
  'unit',
  'unit link',
] as const satisfies readonly AccountSubject[];

/** What the last look found, so that the next run tells what changed meanwhile. No password is in it, nor what is made of one but a mark. */
export const AccountState = z.object({
  format: z.literal(1),
  savedAt: z.number().int().nonnegative(),
  files: z.record(
    z.string().max(4096),
    z.array(
      z.object({
        subject: z.enum(subjects),
        name: z.string().max(4096),
        mark: z.string().max(64),
        shown: z.string().max(512),
        user: z.string().max(4096).optional(),
        userId: z.number().optional(),
      }),
    ),
  ),
});
export type AccountState = z.infer<typeof AccountState>;

/** What state files may have, less some room. */
export const maxStateBytes = 1_000_000;

export const stateOf = (
  files: ReadonlyMap<string, { readonly entries: AccountEntries }>,
  now: number,
): AccountState => ({
  format: 1,
  savedAt: now,
  files: Object.fromEntries(
    [...files].map(([path, { entries }]) => [path, [...entries.values()].map((entry): AccountEntry => ({ ...entry }))]),
  ),
});

export const filesOf = ({ files, savedAt }: AccountState): ReadonlyMap<string, LookedAt> =>
  new Map(
    Object.entries(files).map(([path, entries]) => [path, { entries: entriesOf(entries), changedAtMs: savedAt }]),
  );
