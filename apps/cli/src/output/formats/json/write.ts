import type { ScanReport } from '@parapet/contract';

export const writeJson = (report: ScanReport): string => `${JSON.stringify(report, undefined, 2)}\n`;
