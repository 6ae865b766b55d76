import { fail, ok, type Problem, type Result } from '@parapet/core';
import { KernelError } from '../kernel-error.ts';
import { type AuditControl, openAuditControl } from './audit-control.ts';
import { type AuditSettings, isAsWeSetIt, settingsOf, stillOurs } from './audit-settings.ts';
import { readDaemon } from './audit-use.ts';
import { refusalOf } from './refusal.ts';
import { keyOfRule } from './rule.ts';

export type LeftAudit = {
  /** Marks our rules. */
  readonly key: string;
  /** What was set before a run of ours in this boot that was killed; `undefined` where nobody knows of one. */
  readonly left: AuditSettings | undefined;
  readonly procPath: string;
};

/** Undoes what a run that was killed left of its own: its rules, and settings that nobody changed since. */
export const putAuditBack = async (parts: LeftAudit): Promise<Result<void, Problem>> => {
  let control: AuditControl | undefined;
  try {
    control = openAuditControl();
    await putBackBy(control, parts);
    return ok(undefined);
  } catch (error) {
    if (error instanceof KernelError) return fail(refusalOf(error));
    throw error;
  } finally {
    control?.close();
  }
};

export const putBackBy = async (control: AuditControl, { key, left, procPath }: LeftAudit): Promise<void> => {
  const status = await control.status();
  const own = (await control.rules()).filter((rule) => keyOfRule(rule) === key);
  const isRead = readDaemon(procPath, status) !== undefined;
  const now = settingsOf(status);
  // What nobody remembers and somebody reads the records of is another sensor's.
  if (left === undefined && (isRead || (own.length === 0 && !isAsWeSetIt(now)))) return;
  for (const rule of own) control.remove(rule);
  const { enabled, ...others } = stillOurs(now, left ?? { ...now, enabled: 0 });
  // On is what somebody else may have set it to as well.
  control.set(!isRead && isAsWeSetIt(now) && enabled !== undefined ? { ...others, enabled } : others);
};
