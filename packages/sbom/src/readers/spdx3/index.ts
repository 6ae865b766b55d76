import type { SbomReader } from '../reader.ts';
import { readSpdx3 } from './read.ts';

/** SPDX 3.0, JSON-LD as its schema demands it, with a `@graph` of elements; https://spdx.github.io/spdx-spec/v3.0.1/ */
export const spdx3: SbomReader = {
  name: 'spdx3',
  recognises: (json) => '@graph' in json && '@context' in json,
  read: readSpdx3,
};
