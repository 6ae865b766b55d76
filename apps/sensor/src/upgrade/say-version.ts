import { trimMemory } from '@parapet/kernel';
import { sensorVersion } from '../version.ts';
import { versionLine } from './arguments.ts';

/** Loads the kernel's face with its native part first: where that fails, this version cannot work on this host. */
export const sayVersion = (): void => {
  trimMemory();
  process.stdout.write(`${versionLine(sensorVersion)}\n`);
};
