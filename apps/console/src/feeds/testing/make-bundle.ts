import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { writeTar, writeZip } from '@parapet/core';

export type BundleRule = { readonly cve: string; readonly package: string; readonly fixed: string };

/** A feed bundle (tar.gz) as publishers' files: OSV records of Debian 12 and the KEV catalogue. */
export const makeBundle = (rules: readonly BundleRule[], options: { readonly corrupt?: boolean } = {}): Buffer => {
  const osv = writeZip(
    rules.map((rule) => ({ name: `DSA-${rule.cve}.json`, content: JSON.stringify(osvRecord(rule)) })),
  );
  const kev = Buffer.from(
    JSON.stringify({
      title: 'Known exploited',
      catalogVersion: '2026.11.01',
      dateReleased: '2026-11-01T00:00:00.000Z',
      count: 1,
      vulnerabilities: [
        {
          cveID: rules[0]?.cve ?? 'CVE-2026-0001',
          vendorProject: 'x',
          product: 'x',
          vulnerabilityName: 'x',
          dateAdded: '2026-10-01',
          shortDescription: 'x',
          requiredAction: 'Apply updates.',
          dueDate: '2026-10-20',
          knownRansomwareCampaignUse: 'Unknown',
        },
      ],
    }),
  );
  const files: [string, Buffer][] = [
    ['osv/Debian/all.zip', osv],
    ['kev/known_exploited_vulnerabilities.json', kev],
  ];
  const manifest = {
    files: files.map(([path, content]) => ({
      path,
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      date: '2026-11-01T00:00:00Z',
    })),
  };
  if (options.corrupt === true) osv[osv.length >> 1] = (osv[osv.length >> 1] ?? 0) ^ 0xff;
  return gzipSync(
    writeTar([
      { name: 'MANIFEST.json', content: JSON.stringify(manifest) },
      ...files.map(([name, content]) => ({ name, content })),
    ]),
  );
};

const osvRecord = (rule: BundleRule) => ({
  schema_version: '1.6.0',
  id: `DSA-${rule.cve}`,
  modified: '2026-10-01T00:00:00Z',
  published: '2026-10-01T00:00:00Z',
  aliases: [],
  upstream: [rule.cve],
  summary: `A flaw in ${rule.package}`,
  details: 'Details.',
  affected: [
    {
      package: { ecosystem: 'Debian:12', name: rule.package },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: rule.fixed }] }],
    },
  ],
});
