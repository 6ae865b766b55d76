import { cyclonedxJson } from './cyclonedx-json/index.ts';
import type { ScanFormat } from './format.ts';
import { github } from './github/index.ts';
import { gitlab } from './gitlab/index.ts';
import { json } from './json/index.ts';
import { junit } from './junit/index.ts';
import { openvex } from './openvex/index.ts';
import { sarif } from './sarif/index.ts';
import { spdxJson } from './spdx-json/index.ts';
import { table } from './table/index.ts';

/** Every format; a test compares it with the folders beside this file. */
export const formats: readonly ScanFormat[] = [
  table,
  json,
  cyclonedxJson,
  spdxJson,
  sarif,
  openvex,
  junit,
  gitlab,
  github,
];
