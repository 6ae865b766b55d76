import { gzipSync } from 'node:zlib';
import { type ArchiveFile, zipOf } from './archives.ts';

/** An OSV record with one affected package, in the shape that distributions publish. */
export const osvRecord = (
  id: string,
  ecosystem: string,
  packageName: string,
  events: readonly Readonly<Record<string, string>>[],
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> => ({
  schema_version: '1.7.0',
  id,
  modified: '2026-10-01T00:00:00Z',
  published: '2026-09-01T00:00:00Z',
  affected: [{ package: { ecosystem, name: packageName }, ranges: [{ type: 'ECOSYSTEM', events }] }],
  ...more,
});

/** An `all.zip` of records. */
export const osvZip = (records: readonly Readonly<Record<string, unknown>>[]): Buffer =>
  zipOf(records.map((record) => ({ name: `${String(record.id)}.json`, content: JSON.stringify(record) })));

/** CISA's catalogue of some CVEs. */
export const kevJson = (cves: readonly string[], ransomware = 'Unknown'): string =>
  JSON.stringify({
    title: 'test catalogue',
    dateReleased: '2026-10-05T12:00:00.000Z',
    vulnerabilities: cves.map((cveID) => ({
      cveID,
      vulnerabilityName: `A test of ${cveID}`,
      dateAdded: '2026-10-02',
      knownRansomwareCampaignUse: ransomware,
      requiredAction: 'Apply updates.',
    })),
  });

/** FIRST's file of scores. */
export const epssGz = (rows: readonly (readonly [string, number, number])[]): Buffer =>
  gzipSync(
    [
      '#model_version:v2025.03.14,score_date:2026-10-06T00:00:00+0000',
      'cve,epss,percentile',
      ...rows.map((row) => row.join(',')),
    ].join('\n'),
  );

/** The files of a small bundle: one Debian record, one erratum, one KEV entry, two scores. */
export const sampleFeed = (): readonly ArchiveFile[] => [
  {
    name: 'osv/Debian/all.zip',
    content: osvZip([
      osvRecord('DEBIAN-CVE-2026-1111', 'Debian:12', 'openssl', [{ introduced: '0' }, { fixed: '3.0.11-1~deb12u9' }], {
        upstream: ['CVE-2026-1111'],
        severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
      }),
      osvRecord('DSA-9999-1', 'Debian:12', 'openssl', [{ introduced: '0' }, { fixed: '3.0.11-1~deb12u10' }], {
        upstream: ['CVE-2026-1111', 'CVE-2026-2222'],
        summary: 'openssl - security update',
      }),
    ]),
  },
  { name: 'kev/known_exploited_vulnerabilities.json', content: kevJson(['CVE-2026-1111'], 'Known') },
  {
    name: 'epss/epss_scores-current.csv.gz',
    content: epssGz([
      ['CVE-2026-1111', 0.9, 0.99],
      ['CVE-2026-2222', 0.01, 0.6],
    ]),
  },
];
