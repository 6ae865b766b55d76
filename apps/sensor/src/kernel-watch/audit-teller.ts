import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { type AuditedStart, type AuditSharing, openAuditedStarts } from '@parapet/kernel';
import { type AuditMemory, auditKey } from './audit-memory.ts';
import { createAuditedQueue } from './audited-queue.ts';
import type { OpenStartTeller, StartTeller, ToldStart } from './start-teller.ts';

export type AuditTellerDeps = {
  /** `off`: never. */
  readonly sharing: AuditSharing | 'off';
  readonly procPath: string;
  readonly memory: AuditMemory;
  /** A folder that the sensor may write. */
  readonly folder?: string;
  readonly open?: typeof openAuditedStarts;
};

/**
 * Starts by the kernel's audit, for kernels that may not be asked by programs of our own. Its records come a moment after the process
 * connector told of the start.
 */
export const createAuditTeller = (deps: AuditTellerDeps): StartTeller => ({
  name: 'audit',
  words: 'the kernel’s audit',
  open: async () => {
    if (deps.sharing === 'off') return fail(problem('left-out', 'PARAPET_AUDIT leaves the kernel’s audit out.'));
    const { sharing } = deps;
    return await openTeller({ ...deps, sharing });
  },
});

const openTeller = async (
  deps: AuditTellerDeps & { readonly sharing: AuditSharing },
): Promise<Result<OpenStartTeller, Problem>> => {
  const { memory } = deps;
  const waiting = createAuditedQueue();
  let over: string | undefined;
  let lost = 0;
  const opened = await (deps.open ?? openAuditedStarts)({
    ...{ key: auditKey, sharing: deps.sharing, procPath: deps.procPath, folder: deps.folder },
    onStart: waiting.add,
    onLost: (records) => {
      lost += records;
    },
    onEnded: (cause) => {
      over = `${cause} It is asked for again when the sensor starts anew.`;
      void memory.settle();
    },
    keep: memory.keep,
  });
  if (!opened.ok) return opened;
  return ok({
    take: (pid, atNs) => {
      if (over !== undefined) return undefined;
      opened.value.drain();
      const found = waiting.take(pid, atNs);
      return found === undefined || found === 'later' ? found : toldStart(found);
    },
    remark: opened.value.isLogKept
      ? undefined
      : 'Refusals of AppArmor, SELinux and seccomp are meanwhile not in the kernel’s log, which this sensor may not write.',
    trouble: () => over,
    lost: async () => {
      await opened.value.check();
      return lost;
    },
    close: async () => {
      await opened.value.close();
      await memory.settle();
    },
  });
};

const toldStart = (start: AuditedStart): ToldStart => {
  const { comm, uid, gid, effectiveUid, loginUid, sessionId, executable, folder, tty, mode } = start;
  return {
    process: { comm, uid, gid, effectiveUid, loginUid, sessionId },
    ...{ executable, folder, tty: tty.replace(/^pts(?=\d)/, 'pts/'), mode, isIncomplete: start.isIncomplete },
    arguments:
      start.arguments.length === 0 ? undefined : { argv: start.arguments, cut: start.isCut || start.isIncomplete },
  };
};
