import { cyclonedx } from './cyclonedx/index.ts';
import { spdx } from './spdx/index.ts';
import type { SbomWriter } from './writer.ts';

/** Every writer; a test compares it with the folders beside this file. */
export const writers: readonly SbomWriter[] = [cyclonedx, spdx];
