import { ScanReport } from '@parapet/contract';
import { expect, it } from 'vitest';
import { sampleReport } from '../sample-report.ts';
import { writeJson } from './write.ts';

it('is read back as it was', () => {
  expect(ScanReport.parse(JSON.parse(writeJson(sampleReport)))).toEqual(sampleReport);
});
