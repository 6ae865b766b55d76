import type { ProbedEvent } from '@parapet/kernel';
import { expect, it } from 'vitest';
import { createKernelWatch } from '../../kernel-watch/kernel-watch.ts';
import { createFakeProbes, probedProcess } from '../../kernel-watch/testing/probed.ts';
import { createCollected } from '../testing/collected.ts';
import { createActivityCollector } from './index.ts';

const exit: ProbedEvent = {
  ...{ kind: 'exit', atNs: 2n, cpu: 0, process: probedProcess(7, 'sh') },
  ...{ exitCode: 0, signal: 0 },
};

it('what the policy wants nothing of is not described, and a probe that tells nothing else rests and says so', async () => {
  const probes = createFakeProbes();
  const collected = createCollected();
  const { telemetry, statuses } = collected;
  for (const action of ['exit', 'ptrace', 'mount', 'privilege-change'] as const) telemetry.off.add(action);
  const running = await createActivityCollector(
    createKernelWatch({ cpuCores: undefined, open: probes.open }),
    { begin: () => {} },
    () => {},
  ).start(collected.context);
  expect(probes.resting()).toEqual(['systemCall']);
  expect(statuses.at(-1)).toMatchObject({ state: 'running', reason: expect.stringContaining('changes of privilege') });
  probes.tell(exit);
  probes.count({ probe: 'exit', produced: 1, lost: 0, missed: 0 });
  telemetry.off.delete('mount');
  await running.stop();
  expect(probes.resting()).toEqual([]);
  expect(statuses.at(-1)).toEqual({ state: 'running', source: expect.stringContaining('eBPF') });
  expect(telemetry.events).toEqual([]);
  expect(telemetry.accounts.at(-1)).toMatchObject({ produced: 1, told: 0, unwanted: 1, lost: [] });
});
