import { cyclonedx } from './cyclonedx/index.ts';
import type { SbomReader } from './reader.ts';
import { spdx } from './spdx/index.ts';
import { spdx3 } from './spdx3/index.ts';

/** Every reader; a test compares it with the folders beside this file. */
export const readers: readonly SbomReader[] = [cyclonedx, spdx, spdx3];
