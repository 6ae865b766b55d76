import { expect, it } from 'vitest';
import { formatOptions, sampleReport } from '../sample-report.ts';
import { writeSpdxScan } from './write.ts';

it('is the document of the SPDX writer, whose own test compares it with the schema', () => {
  expect(JSON.parse(writeSpdxScan(sampleReport, formatOptions))).toMatchObject({
    spdxVersion: 'SPDX-2.3',
    packages: [{ primaryPackagePurpose: 'CONTAINER' }, { name: 'openssl' }, { versionInfo: '1.0.0' }],
  });
});
