import type { ScanReport } from '@parapet/contract';
import { writers } from '@parapet/sbom';
import type { FormatOptions } from '../format.ts';

export const writeSpdxScan = (report: ScanReport, options: FormatOptions): string => {
  const writer = writers.find(({ name }) => name === 'spdx');
  if (writer === undefined) throw new Error('the writer of SPDX is gone');
  return writer.write(report.sbom, options);
};
