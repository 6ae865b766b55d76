import { randomUUID } from 'node:crypto';
import type { Sbom } from '@parapet/contract/sbom';
import { writers } from '@parapet/sbom';
import { programVersion } from '../version.ts';

export type SbomFormat = 'cyclonedx' | 'spdx' | 'parapet';

/** An SBOM as text in the asked format. */
export const writeSbom = (sbom: Sbom, format: SbomFormat): string => {
  if (format === 'parapet') return JSON.stringify(sbom, undefined, 1);
  const writer = writers.find((candidate) => candidate.name === format);
  if (writer === undefined) throw new Error(`there is no writer for ${format}`);
  return writer.write(sbom, { documentId: randomUUID(), toolVersion: programVersion });
};
