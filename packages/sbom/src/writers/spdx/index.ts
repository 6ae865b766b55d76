import type { SbomWriter } from '../writer.ts';
import { writeSpdx } from './write.ts';

/** SPDX 2.3, JSON; https://spdx.github.io/spdx-spec/v2.3/ */
export const spdx: SbomWriter = {
  name: 'spdx',
  mediaType: 'application/spdx+json; version=2.3',
  write: writeSpdx,
};
