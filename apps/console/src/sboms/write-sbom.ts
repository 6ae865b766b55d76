import type { Sbom } from '@parapet/contract/sbom';
import { unavailable } from '@parapet/core';

export type SbomFormat = 'cyclonedx' | 'spdx' | 'parapet';

/** An SBOM as a document of the asked format, ready to be written as JSON. */
export const writeSbom = (sbom: Sbom, format: SbomFormat): unknown => {
  switch (format) {
    case 'parapet':
      return sbom;
    case 'cyclonedx':
    case 'spdx':
      throw unavailable('format-missing', 'This format cannot be written yet. Ask for `parapet`.');
  }
};
