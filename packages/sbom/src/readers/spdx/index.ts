import type { SbomReader } from '../reader.ts';
import { readSpdx } from './read.ts';

/** SPDX 2.2 and 2.3, JSON or lines of tags (`../tag-value.ts`); https://spdx.github.io/spdx-spec/v2.3/ */
export const spdx: SbomReader = {
  name: 'spdx',
  recognises: (json) => 'spdxVersion' in json,
  read: readSpdx,
};
