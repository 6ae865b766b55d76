import { expect, it } from 'vitest';
import { sampleReport } from '../output/formats/sample-report.ts';
import { excludePackages } from './exclude.ts';

it.each([
  [[], ['openssl', 'hostile'], 1],
  [['/srv'], ['openssl'], 0],
  [['srv/app/'], ['openssl'], 1],
  [['**/package-lock.json'], ['openssl'], 1],
  [['/sr'], ['openssl', 'hostile'], 1],
  [['/var/lib/dpkg/status', '/srv/*'], [], 0],
] as const)('excluding %j leaves %j and %d problems', (patterns, names, problems) => {
  const left = excludePackages(sampleReport.sbom, patterns);
  expect(left.packages.map(({ purl }) => /\/([a-z]+)@/.exec(purl)?.[1])).toEqual(names);
  expect(left.problems).toHaveLength(problems);
});
