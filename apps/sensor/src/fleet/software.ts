import type { Sbom } from '@parapet/contract';
import { programVersion } from '@parapet/core';
import type { Runtime } from './catalogue.ts';
import { createRandom } from './random.ts';

type Line = readonly [name: string, version: string, source?: string | undefined, files?: readonly string[]];

const library = (file: string): string => `/usr/lib/x86_64-linux-gnu/${file}`;

/** What a Debian system of this age has; versions are of the right form, not of a certain day. */
const debian: readonly Line[] = [
  ['base-files', '12.4+deb12u5'],
  ['bash', '5.2.15-2', undefined, ['/bin/bash']],
  ['ca-certificates', '20230311'],
  ['coreutils', '9.1-1', undefined, ['/bin/ls']],
  ['curl', '7.88.1-10', undefined, ['/usr/bin/curl']],
  ['dpkg', '1.21.22'],
  ['gpgv', '2.2.40-1.1', 'gnupg2'],
  ['libc6', '2.36-9', 'glibc', [library('libc.so.6'), library('libm.so.6')]],
  ['libcurl4', '7.88.1-10', 'curl', [library('libcurl.so.4')]],
  ['libexpat1', '2.5.0-1', 'expat', [library('libexpat.so.1')]],
  ['libgcrypt20', '1.10.1-3', undefined, [library('libgcrypt.so.20')]],
  ['libgnutls30', '3.7.9-2', 'gnutls28', [library('libgnutls.so.30')]],
  ['libkrb5-3', '1.20.1-2', 'krb5', [library('libkrb5.so.3')]],
  ['liblzma5', '5.4.1-0.2', 'xz-utils', [library('liblzma.so.5')]],
  ['libncursesw6', '6.4-4', 'ncurses'],
  ['libnghttp2-14', '1.52.0-1', 'nghttp2', [library('libnghttp2.so.14')]],
  ['libpam0g', '1.5.2-6', 'pam'],
  ['libsqlite3-0', '3.40.1-2', 'sqlite3', [library('libsqlite3.so.0')]],
  ['libssh2-1', '1.10.0-3', 'libssh2', [library('libssh2.so.1')]],
  ['libssl3', '3.0.11-1~deb12u2', 'openssl', [library('libssl.so.3'), library('libcrypto.so.3')]],
  ['libstdc++6', '12.2.0-14', 'gcc-12', [library('libstdc++.so.6')]],
  ['libsystemd0', '252.22-1~deb12u1', 'systemd', [library('libsystemd.so.0')]],
  ['libtasn1-6', '4.19.0-2'],
  ['libxml2', '2.9.14+dfsg-1.3', undefined, [library('libxml2.so.2')]],
  ['libzstd1', '1.5.4+dfsg2-5', 'libzstd', [library('libzstd.so.1')]],
  ['login', '4.13+dfsg1-1', 'shadow'],
  ['openssl', '3.0.11-1~deb12u2', undefined, ['/usr/bin/openssl']],
  ['perl-base', '5.36.0-7', 'perl', ['/usr/bin/perl']],
  ['tar', '1.34+dfsg-1.2', undefined, ['/bin/tar']],
  ['tzdata', '2024a-0'],
  ['util-linux', '2.38.1-5'],
  ['zlib1g', '1.2.13.dfsg-1', 'zlib', [library('libz.so.1')]],
];

const hostOnly: readonly Line[] = [
  ['containerd.io', '1.6.28-1', undefined, ['/usr/bin/containerd']],
  ['cron', '3.0pl1-162', undefined, ['/usr/sbin/cron']],
  ['dbus', '1.14.10-1', undefined, ['/usr/bin/dbus-daemon']],
  ['docker-ce', '25.0.3-1', undefined, ['/usr/bin/dockerd']],
  ['iptables', '1.8.9-2'],
  ['openssh-server', '9.2p1-2+deb12u2', 'openssh', ['/usr/sbin/sshd']],
  ['rsyslog', '8.2302.0-1', undefined, ['/usr/sbin/rsyslogd']],
  ['sudo', '1.9.13p3-1', undefined, ['/usr/bin/sudo']],
  ['systemd', '252.22-1~deb12u1', undefined, ['/usr/lib/systemd/systemd', '/usr/lib/systemd/systemd-journald']],
  ['vim', '9.0.1378-2', undefined, ['/usr/bin/vim']],
  ...Array.from({ length: 60 }, (_, at): Line => [`shop-tool-${at + 1}`, `1.${at % 7}.${at % 5}-1`]),
];

const alpine: readonly Line[] = [
  ['alpine-baselayout', '3.4.3-r2'],
  ['apk-tools', '2.14.0-r5'],
  ['busybox', '1.36.1-r15', undefined, ['/bin/busybox']],
  ['ca-certificates-bundle', '20240226-r0', 'ca-certificates'],
  ['libcrypto3', '3.1.4-r5', 'openssl', ['/lib/libcrypto.so.3']],
  ['libssl3', '3.1.4-r5', 'openssl', ['/lib/libssl.so.3']],
  ['musl', '1.2.4_git20230717-r4', undefined, ['/lib/ld-musl-x86_64.so.1']],
  ['scanelf', '1.3.7-r2', 'pax-utils'],
  ['ssl_client', '1.36.1-r15', 'busybox'],
  ['zlib', '1.3.1-r0', undefined, ['/lib/libz.so.1']],
];

/** Libraries that a program of this kind has open, as files of the packages above. */
export const loadedFilesOf = (base: 'debian' | 'alpine', runtime: Runtime): readonly string[] => {
  if (runtime === 'go') return [];
  const wanted: Readonly<Record<Exclude<Runtime, 'go'>, readonly string[]>> = {
    node: ['libc6', 'libstdc++6', 'musl'],
    jvm: ['libc6', 'zlib1g', 'musl', 'zlib'],
    python: ['libc6', 'libssl3', 'zlib1g', 'libexpat1', 'libsqlite3-0', 'musl'],
    native: ['libc6', 'libssl3', 'zlib1g', 'musl', 'libcrypto3'],
  };
  return (base === 'alpine' ? alpine : debian).flatMap(([name, , , files]) =>
    wanted[runtime].includes(name) ? (files ?? []) : [],
  );
};

export type SoftwareOf =
  | {
      readonly kind: 'host';
      readonly name: string;
      readonly system: { readonly id: string; readonly versionId: string; readonly name: string };
    }
  | {
      readonly kind: 'image' | 'container';
      readonly name: string;
      readonly base: 'debian' | 'alpine';
      readonly version: number;
    };

/** The list of packages of a simulated host, image or container. Later versions of an image are made from newer packages. */
export const sbomOf = (of: SoftwareOf, createdAtMs: number): Sbom => {
  const isAlpine = of.kind !== 'host' && of.base === 'alpine';
  const lines = isAlpine ? alpine : of.kind === 'host' ? [...debian, ...hostOnly] : debian;
  const revision = of.kind === 'host' ? 0 : of.version;
  const distribution = distributionOf(of);
  const random = createRandom('software', of.name, revision);
  return {
    format: 'parapet-sbom/1',
    status: 'succeeded',
    target: { kind: of.kind, name: of.name },
    createdAt: new Date(createdAtMs).toISOString(),
    scanner: programVersion,
    distribution,
    packages: lines.map(([name, version, source, files]) => {
      const shown = random.chance(Math.min(0.5, revision / 20)) ? newer(version, isAlpine) : version;
      const type = isAlpine ? 'apk' : 'deb';
      return {
        purl: `pkg:${type}/${distribution.id}/${name}@${encodeURIComponent(shown)}?arch=${isAlpine ? 'x86_64' : 'amd64'}`,
        type: isAlpine ? 'apk' : 'dpkg',
        name,
        version: shown,
        architecture: isAlpine ? 'x86_64' : 'amd64',
        source: { name: source ?? name, version: shown },
        licences: [],
        location: isAlpine ? '/lib/apk/db/installed' : '/var/lib/dpkg/status',
        files: [...(files ?? [])],
      };
    }),
    problems: [],
  };
};

const newer = (version: string, isAlpine: boolean): string =>
  isAlpine ? version.replace(/r(\d+)$/, 'r9') : `${version}+u9`;

const distributionOf = (of: SoftwareOf): NonNullable<Sbom['distribution']> => {
  if (of.kind === 'host') return { id: of.system.id, versionId: of.system.versionId, name: of.system.name };
  return of.base === 'alpine'
    ? { id: 'alpine', versionId: '3.19.1', name: 'Alpine Linux v3.19' }
    : { id: 'debian', versionId: '12', versionCodename: 'bookworm', name: 'Debian GNU/Linux 12 (bookworm)' };
};
