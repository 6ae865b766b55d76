import type { ScanFinding, ScanReport } from '@parapet/contract';
import type { FormatOptions } from './format.ts';

/** Names come out of a workload: every format has to carry what would break it. */
export const hostileName = 'a"<b>&\u001b[2J%,:\n::error::x';

const openssl: ScanFinding = {
  vulnerability: 'CVE-2026-0001',
  aliases: ['DSA-1-1'],
  advisory: 'DSA-1-1',
  title: 'An overflow while a handshake is read',
  purl: 'pkg:deb/debian/openssl@3.0.11-1?arch=amd64',
  package: 'openssl',
  version: '3.0.11-1',
  locations: ['/var/lib/dpkg/status'],
  fixedVersion: '3.0.11-2',
  severity: 'critical',
  cvss: { score: 9.8, vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' },
  likelihood: 0.97,
  reason: 'known to be exploited',
  kev: true,
  epss: 0.9,
  fix: 'Upgrade openssl to 3.0.11-2',
};

const hostile: ScanFinding = {
  vulnerability: 'GHSA-xxxx-yyyy-zzzz',
  aliases: [],
  advisory: 'GHSA-xxxx-yyyy-zzzz',
  title: hostileName,
  purl: 'pkg:npm/hostile@1.0.0',
  package: hostileName,
  version: '1.0.0',
  locations: ['/srv/app/package-lock.json'],
  severity: 'unknown',
  likelihood: 0.01,
  reason: 'nothing is known of it',
  kev: false,
  fix: 'No fix for it yet',
};

export const sampleReport: ScanReport = {
  format: 'parapet-scan/1',
  sbom: {
    format: 'parapet-sbom/1',
    status: 'partial',
    target: { kind: 'image', name: 'example.org/app:1' },
    createdAt: '2026-11-21T12:00:00.123Z',
    distribution: { id: 'debian', versionId: '12', name: 'Debian GNU/Linux 12 (bookworm)' },
    packages: [openssl, hostile].map(({ purl, package: name, version, locations }) => ({
      purl,
      type: purl.startsWith('pkg:deb') ? 'dpkg' : 'npm',
      name,
      version,
      licences: [],
      location: locations[0] ?? '',
      files: [],
    })),
    problems: [{ code: 'too-large', message: 'The file is too large.', at: '/srv/huge.jar' }],
  },
  advisories: { version: 'advisories-00', builtAt: '2026-11-20T00:00:00.000Z' },
  findings: [openssl, hostile],
  setAside: [
    {
      finding: { ...openssl, vulnerability: 'CVE-2026-0002' },
      by: 'ignore-file',
      reason: 'Not reachable (until 2027-01-01)',
    },
  ],
  filteredOut: 3,
  gaps: ['There are no advisories for packages of the type npm: its 1 packages were not matched.'],
};

export const formatOptions: FormatOptions = {
  documentId: '11111111-2222-4333-8444-555555555555',
  toolVersion: '0.1.0',
  shownAtMost: 25,
};
