import { fail, ok, problem } from '@parapet/core';
import type { openProbes, ProbeAccount, ProbedEvent, ProbedProcess, ProbeName, ProbeOptions } from '@parapet/kernel';

/** A process as the kernel would tell it. */
export const probedProcess = (pid: number, comm: string, more: Partial<ProbedProcess> = {}): ProbedProcess => ({
  pid,
  startNs: BigInt(pid) * 10_000_000n,
  parentPid: 1,
  parentStartNs: 0n,
  uid: 1000,
  gid: 1000,
  effectiveUid: 1000,
  loginUid: undefined,
  sessionId: undefined,
  capabilities: 0n,
  netNamespace: 1,
  mountNamespace: 2,
  pidNamespace: 3,
  comm,
  cgroups: [],
  ...more,
});

/** Programs in a kernel that a test plays. */
export const createFakeProbes = () => {
  const opened: ProbeOptions[] = [];
  let closed = 0;
  let resting: readonly ProbeName[] = [];
  let account: readonly ProbeAccount[] = [];
  let refusal: string | undefined;
  const open: typeof openProbes = (options) => {
    if (refusal !== undefined) return fail(problem('refused', refusal));
    opened.push(options);
    const close = (): void => {
      closed += 1;
    };
    return ok({
      ...{ drain: () => {}, account: () => account, missing: [], close, [Symbol.dispose]: close },
      rest: (names) => {
        resting = names;
        return ok(undefined);
      },
    });
  };
  return {
    open,
    refuse: (reason: string) => {
      refusal = reason;
    },
    tell: (event: ProbedEvent) => opened.at(-1)?.onEvent(event),
    count: (...accounts: readonly ProbeAccount[]) => {
      account = accounts;
    },
    opened: () => opened.length,
    closed: () => closed,
    resting: () => resting,
  };
};
