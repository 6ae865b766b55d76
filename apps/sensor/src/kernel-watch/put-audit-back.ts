import { makeConfig } from '../config/config.ts';
import { readEnv } from '../config/env.ts';
import { readBootId } from '../proc/host-times.ts';
import { createStateFile } from '../state/state-files.ts';
import { AuditState, createAuditMemory } from './audit-memory.ts';

/** For who removes the sensor: what a killed one left of the kernel's audit is as it was before, or it is said why not. */
export const putKernelAuditBack = async (): Promise<void> => {
  const { procPath, stateDir } = makeConfig(readEnv(process.env), { isRoot: process.geteuid?.() === 0 });
  const memory = createAuditMemory({
    ...{ procPath, bootId: readBootId(procPath) },
    file: createStateFile(stateDir, 'audit.json', AuditState),
  });
  const cause = await memory.settle();
  if (cause === undefined) return;
  process.stderr.write(`${cause}\n`);
  process.exitCode = 1;
};
