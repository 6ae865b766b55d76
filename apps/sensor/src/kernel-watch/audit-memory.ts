import { fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';
import { type AuditSettings, putAuditBack } from '@parapet/kernel';
import { z } from 'zod';
import type { StateFile } from '../state/state-files.ts';

/** What the kernel's audit was set to before we did, so that a run after one that was killed can put it back. */
export const AuditState = z.object({
  format: z.literal(1),
  /** It is as it was in another boot. */
  bootId: z.string().max(64),
  enabled: z.number().int().nonnegative(),
  failure: z.number().int().nonnegative(),
  backlogLimit: z.number().int().nonnegative(),
  backlogWaitTime: z.number().int().nonnegative(),
});
export type AuditState = z.infer<typeof AuditState>;

/** By what an administrator finds our rules: `auditctl -l -k parapet`. */
export const auditKey = 'parapet';

export type AuditMemory = {
  readonly keep: (before: AuditSettings) => Promise<Result<void, Problem>>;
  /** Puts back what is still set, if anything is, and forgets it then; says in a sentence why it could not. */
  readonly settle: () => Promise<string | undefined>;
};

export const createAuditMemory = (deps: {
  readonly procPath: string;
  readonly bootId: string;
  /** Without one nothing is remembered. */
  readonly file: StateFile<AuditState> | undefined;
  readonly putBack?: typeof putAuditBack;
}): AuditMemory => {
  const { file, bootId, procPath, putBack = putAuditBack } = deps;
  const settle = async (): Promise<void> => {
    const left = await file?.read();
    if (left === undefined) return;
    if (left.bootId === bootId) {
      const done = await putBack({ key: auditKey, left, procPath });
      if (!done.ok) throw new Error(done.error.message);
    }
    await file?.remove();
  };
  return {
    keep: async (before) => {
      try {
        await file?.write({ format: 1, bootId, ...before });
        return ok(undefined);
      } catch (error) {
        const cause = `The kernel’s audit is not touched while what it was set to cannot be kept: ${messageOf(error)}`;
        return fail(problem('state', cause));
      }
    },
    settle: async () => {
      try {
        await settle();
        return undefined;
      } catch (error) {
        return `What a sensor set of the kernel’s audit could not be put back. ${messageOf(error)}`;
      }
    },
  };
};
