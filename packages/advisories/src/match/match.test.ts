import type { Package } from '@parapet/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAdvisoryDatabase } from '../database/open.ts';
import type { AdvisoryDatabase, Match } from '../model.ts';
import { databaseOf } from '../testing/database.ts';
import { osvRecord } from '../testing/feeds.ts';
import { createScratch } from '../testing/scratch.ts';
import { createMatchCache } from './cache.ts';

const scratch = createScratch();
let database: AdvisoryDatabase;

const until = (fixed: string) => [{ introduced: '0' }, { fixed }];
const critical = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';

beforeAll(async () => {
  database = await databaseOf(scratch, {
    records: [
      osvRecord('DEBIAN-CVE-2026-1111', 'Debian:12', 'openssl', until('3.0.11-1~deb12u9'), {
        upstream: ['CVE-2026-1111'],
      }),
      osvRecord('DSA-5001-1', 'Debian:12', 'openssl', until('3.0.11-1~deb12u10'), {
        upstream: ['CVE-2026-1111', 'CVE-2026-2222'],
        summary: 'openssl - security update',
      }),
      osvRecord('DSA-5002-1', 'Debian:12', 'openssl', until('3.0.11-1~deb12u11'), { upstream: ['CVE-2026-2222'] }),
      osvRecord('DEBIAN-CVE-2026-3333', 'Debian:12', 'glibc', [{ introduced: '0' }], { upstream: ['CVE-2026-3333'] }),
      osvRecord('DEBIAN-CVE-2026-3333-11', 'Debian:11', 'glibc', until('9')),
      osvRecord('DEBIAN-CVE-2026-4444', 'Debian:12', 'linux', until('6.1.100-1'), { upstream: ['CVE-2026-4444'] }),
      osvRecord('GHSA-aaaa-bbbb-cccc', 'npm', 'openssl', until('9'), {
        aliases: ['CVE-2026-1111'],
        summary: 'A flaw in a parser',
        severity: [{ type: 'CVSS_V3', score: critical }],
      }),
      osvRecord('ALPINE-CVE-2026-1111', 'Alpine:v3.20', 'openssl', until('3.3.2-r1'), { upstream: ['CVE-2026-1111'] }),
      osvRecord('ALSA-2026:1', 'AlmaLinux:8', 'nodejs', until('1:16.20.2-2.module_el8.8.0+3'), {
        related: ['CVE-2026-5555'],
        summary: 'Important: nodejs:16 security update',
      }),
      osvRecord('ALSA-2026:2', 'AlmaLinux:8', 'openssl-libs', until('1:1.1.1k-9.el8_7'), {
        related: ['CVE-2026-6666'],
        summary: 'Moderate: openssl security update',
        references: [{ type: 'EVIDENCE', url: 'https://example.org/poc' }],
      }),
      osvRecord('RLSA-2026:1', 'Rocky Linux:9', 'openssl', until('1:3.0.7-28.el9'), { upstream: ['CVE-2026-7777'] }),
    ],
    exploited: ['CVE-2026-1111'],
    scores: [['CVE-2026-1111', 0.9, 0.99]],
  });
});
afterAll(() => {
  database.close();
  scratch[Symbol.dispose]();
});

const installed = (type: string, name: string, version: string, more: Partial<Package> = {}): Package => ({
  purl: `pkg:${type}/x/${name}@${version}`,
  type,
  name,
  version,
  licences: [],
  location: '/db',
  files: [],
  ...more,
});
const debian = { id: 'debian', versionId: '12', name: 'Debian' };
const matchOn = (
  distribution: { id: string; versionId: string; name: string } | undefined,
  ...packages: Package[]
): Match[] => database.match(packages, distribution);
const brief = (matches: readonly Match[]): string[] =>
  matches.map(
    ({ packageName, vulnerability, advisoryId, fixedVersion }) =>
      `${packageName} ${vulnerability} ${advisoryId} ${fixedVersion ?? '-'}`,
  );

describe('Debian', () => {
  const libssl = (version: string): Package =>
    installed('dpkg', 'libssl3', version, { source: { name: 'openssl', version } });

  it('matches by the source package, one match for each vulnerability', () => {
    expect(brief(matchOn(debian, libssl('3.0.11-1~deb12u2')))).toEqual([
      'libssl3 CVE-2026-1111 DEBIAN-CVE-2026-1111 3.0.11-1~deb12u9',
      'libssl3 CVE-2026-2222 DSA-5001-1 3.0.11-1~deb12u11',
    ]);
  });

  it('lets the record of a CVE decide over an erratum that names it, also that it is fixed', () => {
    expect(brief(matchOn(debian, libssl('3.0.11-1~deb12u9')))).toEqual([
      'libssl3 CVE-2026-2222 DSA-5001-1 3.0.11-1~deb12u11',
    ]);
    expect(brief(matchOn(debian, libssl('3.0.11-1~deb12u11')))).toEqual([]);
  });

  it('compares the version of the source, not of a package rebuilt alone', () => {
    const rebuilt = installed('dpkg', 'libssl3', '3.0.11-1~deb12u9+b9', {
      source: { name: 'openssl', version: '3.0.11-1~deb12u2' },
    });
    expect(matchOn(debian, rebuilt)).toHaveLength(2);
  });

  it('tells all it knows', () => {
    expect(matchOn(debian, libssl('3.0.11-1~deb12u2'))[0]).toEqual({
      purl: 'pkg:dpkg/x/libssl3@3.0.11-1~deb12u2',
      packageName: 'libssl3',
      installedVersion: '3.0.11-1~deb12u2',
      ecosystem: 'Debian:12',
      advisoryId: 'DEBIAN-CVE-2026-1111',
      vulnerability: 'CVE-2026-1111',
      aliases: ['DEBIAN-CVE-2026-1111'],
      fixedVersion: '3.0.11-1~deb12u9',
      affectedRanges: ['< 3.0.11-1~deb12u9'],
      cvss: [{ version: '3.1', vector: critical, score: 9.8 }],
      exploits: [],
      notes: [],
      epss: { score: 0.9, percentile: 0.99 },
      kev: { dateAdded: '2026-10-02', ransomware: false },
      published: '2026-09-01T00:00:00.000Z',
      summary: 'A flaw in a parser',
    });
  });

  it('reports what has no fix', () => {
    expect(
      brief(matchOn(debian, installed('dpkg', 'libc6', '2.36-9', { source: { name: 'glibc', version: '2.36-9' } }))),
    ).toEqual(['libc6 CVE-2026-3333 DEBIAN-CVE-2026-3333 -']);
  });

  it('does not repeat the kernel for packages without its code', () => {
    const source = { name: 'linux', version: '6.1.90-1' };
    const kernel = ['linux-image-6.1.0-22-amd64', 'linux-libc-dev', 'linux-headers-6.1.0-22-common'].map((name) =>
      installed('dpkg', name, '6.1.90-1', { source }),
    );
    expect(brief(matchOn(debian, ...kernel))).toEqual([
      'linux-image-6.1.0-22-amd64 CVE-2026-4444 DEBIAN-CVE-2026-4444 6.1.100-1',
    ]);
  });

  it('knows the signed kernel by the source that advisories name', () => {
    const signed = installed('dpkg', 'linux-image-6.1.0-22-amd64', '6.1.94-1', {
      source: { name: 'linux-signed-amd64', version: '6.1.94+1' },
    });
    expect(matchOn(debian, signed)).toMatchObject([{ vulnerability: 'CVE-2026-4444' }]);
  });

  it('keeps the order of the packages and gives equal ones equal matches', () => {
    const matches = matchOn(debian, libssl('3.0.11-1~deb12u9'), installed('dpkg', 'openssl', '3.0.11-1~deb12u9'));
    expect(matches.map(({ packageName }) => packageName)).toEqual(['libssl3', 'openssl']);
  });
});

describe('other distributions', () => {
  it('Alpine matches by origin', () => {
    const alpine = { id: 'alpine', versionId: '3.20.3', name: 'Alpine' };
    const libcrypto = installed('apk', 'libcrypto3', '3.3.2-r0', { source: { name: 'openssl', version: '3.3.2-r0' } });
    expect(brief(matchOn(alpine, libcrypto))).toEqual(['libcrypto3 CVE-2026-1111 ALPINE-CVE-2026-1111 3.3.2-r1']);
    expect(matchOn({ ...alpine, versionId: '3.19.1' }, libcrypto)).toEqual([]);
  });

  it('AlmaLinux matches by installed package and module stream', () => {
    const alma = { id: 'almalinux', versionId: '8.9', name: 'AlmaLinux' };
    const node = (stream: string): Package =>
      installed('rpm', 'nodejs', '1:14.21.3-1.module_el8.7.0+1', {
        purl: `pkg:rpm/almalinux/nodejs@14?rpmmod=nodejs:${stream}:1`,
      });
    expect(matchOn(alma, node('14'))).toEqual([]);
    expect(brief(matchOn(alma, node('16')))).toEqual(['nodejs CVE-2026-5555 ALSA-2026:1 1:16.20.2-2.module_el8.8.0+3']);
    const libs = installed('rpm', 'openssl-libs', '1:1.1.1k-5.el8', {
      source: { name: 'openssl', version: '1:1.1.1k-5.el8' },
    });
    expect(matchOn(alma, libs)).toMatchObject([
      { vulnerability: 'CVE-2026-6666', publishedSeverity: 'Moderate', exploits: ['https://example.org/poc'] },
    ]);
  });

  it('Rocky matches by either name', () => {
    const rocky = { id: 'rocky', versionId: '9.4', name: 'Rocky' };
    const libs = installed('rpm', 'openssl-libs', '1:3.0.7-27.el9', {
      source: { name: 'openssl', version: '1:3.0.7-27.el9' },
    });
    expect(brief(matchOn(rocky, libs))).toEqual(['openssl-libs CVE-2026-7777 RLSA-2026:1 1:3.0.7-28.el9']);
  });
});

describe('matching again', () => {
  it('gives the same, also to another package of the same source', () => {
    const source = { name: 'openssl', version: '3.0.11-1~deb12u2' };
    const libssl = installed('dpkg', 'libssl3', '3.0.11-1~deb12u2', { source });
    const first = matchOn(debian, libssl);
    expect(matchOn(debian, libssl)).toEqual(first);
    expect(matchOn(debian, installed('dpkg', 'openssl', '3.0.11-1~deb12u2', { source }))).toMatchObject([
      { packageName: 'openssl', vulnerability: 'CVE-2026-1111' },
      { packageName: 'openssl', vulnerability: 'CVE-2026-2222' },
    ]);
    expect(matchOn({ ...debian, versionId: '11' }, libssl)).toEqual([]);
  });

  it('gives for many at once, some known and some asked for twice, what it gives one by one', () => {
    const versions = ['3.0.11-1~deb12u2', '3.0.11-1~deb12u9', '3.0.11-1~deb12u10', '3.0.11-1~deb12u11'];
    const many = Array.from({ length: 1300 }, (_, index) => {
      const version = versions[index % 4] ?? '';
      if (index % 5 === 0) return installed('npm', index % 2 === 0 ? 'openssl' : `unknown${index}`, '8.1.0');
      const source = { name: index % 3 === 0 ? 'glibc' : 'openssl', version };
      return installed('dpkg', `part${index}`, version, { source });
    });
    const atOnce = matchOn(debian, ...many);
    expect(atOnce.length).toBeGreaterThan(1000);
    expect(atOnce).toEqual(many.flatMap((one) => matchOn(debian, one)));
    const reopened = openAdvisoryDatabase(database.path);
    if (!reopened.ok) throw new Error(reopened.error.message);
    using another = reopened.value;
    expect(many.flatMap((one) => another.match([one], debian))).toEqual(atOnce);
    expect(another.match(many, debian)).toEqual(atOnce);
  });

  it('forgets what nobody asks for rather than to grow without end', () => {
    const cache = createMatchCache(10);
    cache.set('often', []);
    for (let index = 0; index < 1000; index += 1) {
      cache.set(String(index), []);
      expect(cache.get('often')).toEqual([]);
    }
    const kept = Array.from({ length: 1000 }, (_, index) => cache.get(String(index))).filter(Boolean);
    expect(kept.length).toBeLessThan(150);
    expect(cache.get('999')).toEqual([]);
  });
});

describe('what cannot be matched', () => {
  const openssl = installed('dpkg', 'openssl', '1.0');

  it('gives nothing, and coverage says that nothing is known', () => {
    expect(matchOn(undefined, openssl)).toEqual([]);
    expect(matchOn({ id: 'arch', versionId: '', name: 'Arch' }, openssl)).toEqual([]);
    expect(database.coverageOf({ id: 'arch', versionId: '', name: 'Arch' })).toEqual({ ecosystems: [], entries: 0 });
    expect(database.coverageOf({ ...debian, versionId: '10' })).toEqual({ ecosystems: [], entries: 0 });
    expect(database.coverageOf(debian)).toEqual({ ecosystems: ['Debian:12'], entries: 5 });
  });

  it('is a package of another manager, even by the same name', () => {
    expect(matchOn(debian, { ...openssl, type: 'rpm' })).toEqual([]);
  });

  it('bears hostile names and versions', () => {
    const hostile = ["'; DROP TABLE entry; --", '\0', '%', '_', 'x'.repeat(1000)].map((text) =>
      installed('dpkg', text, text),
    );
    expect(matchOn(debian, ...hostile)).toEqual([]);
    expect(matchOn(debian, installed('dpkg', 'openssl', 'no version at all'))).toEqual([]);
  });
});
