/** FAKE data: an invented fleet, the same on every start. */
import { type AssetSummary, type FindingSummary, type Scan, type Sensor, severityOfRisk } from '@parapet/contract/api';
import { ago, chance, day, hour, idOf, minute, pick } from './fake-seed.ts';

export type FakeWorld = {
  readonly now: number;
  readonly hosts: AssetSummary[];
  readonly containers: AssetSummary[];
  readonly images: AssetSummary[];
  readonly uploads: AssetSummary[];
  readonly findings: FindingSummary[];
  readonly sensors: Sensor[];
  readonly scans: Scan[];
};

export const createFakeWorld = ({ empty }: { empty: boolean }): FakeWorld => {
  if (empty)
    return {
      now: Date.now(),
      hosts: [],
      containers: [],
      images: [],
      uploads: [],
      findings: [],
      sensors: [],
      scans: [],
    };
  const images = imageNames.map(fakeImage);
  const uploads = ['registry.example/shop/checkout:build-1841', '/builds/shop/api'].map(fakeUpload);
  const hosts = hostNames.map(fakeHost);
  const containers = hosts.flatMap((host, index) => fakeContainers(host, index, images));
  const matched = [...images, ...hosts, ...uploads].filter(({ name }) => name !== unmatchedHost);
  const findings = fakeFindings(matched, containers).toSorted((a, b) => b.risk - a.risk);
  for (const asset of [...images, ...hosts, ...uploads])
    setRisk(
      asset,
      findings.filter((finding) => finding.asset.id === asset.id),
    );
  for (const container of containers) {
    setRisk(
      container,
      findings.filter((finding) => finding.asset.id === container.imageId),
    );
  }
  return {
    now: Date.now(),
    hosts,
    containers,
    uploads,
    images,
    findings,
    sensors: hosts.map(fakeSensor),
    scans: fakeScans(hosts, images),
  };
};

/** Their distribution has no advisories; of the second, its languages have. */
const unmatchedHost = 'cache-01';
const partlyUnmatchedHost = 'legacy-01';

const hostNames = [
  'edge-01',
  'edge-02',
  'edge-03',
  'web-01',
  'web-02',
  'web-03',
  'api-01',
  'api-02',
  'build-01',
  'build-02',
  'db-01',
  'db-02',
  'db-03',
  'cache-01',
  'legacy-01',
  'mail-01',
];
const imageNames = [
  'shop/api:4.18.2',
  'shop/web:2026.11.3',
  'shop/worker:4.18.2',
  'nginx:1.25.3',
  'redis:7.0.15',
  'postgres:15.4',
  'ci/runner:2.311.0',
  'ci/webhook:1.9.0',
  'grafana:10.2.0',
  'registry.internal/payments/ledger:1.0.44',
  'alpine:3.18.4',
  'traefik:v2.10.5',
];

const noCounts = () => ({ critical: 0, high: 0, medium: 0, low: 0 });

const fakeImage = (name: string): AssetSummary => ({
  id: idOf('image', name),
  kind: 'image',
  name,
  status: 'present',
  findings: noCounts(),
  labels: { app: name.split(/[/:]/)[0] ?? name },
  exposure: /nginx|traefik|webhook/.test(name) ? 'internet' : /api|web/.test(name) ? 'zones' : 'own-network',
  firstSeenAt: ago(40 * day * chance(name)),
  lastSeenAt: ago(20_000),
  scannedAt: ago(9 * hour * chance(name, 'scan')),
});

/** What a pipeline left. */
const fakeUpload = (name: string): AssetSummary => ({
  ...fakeImage(name),
  id: idOf('upload', name),
  kind: 'upload',
  labels: { team: 'shop' },
  exposure: 'none-seen',
});

const fakeHost = (name: string): AssetSummary => ({
  id: idOf('host', name),
  kind: 'host',
  name,
  hostname: name,
  status: name === 'db-03' ? 'unknown' : 'running',
  findings: noCounts(),
  zone: /db|cache/.test(name) ? 'data' : /edge/.test(name) ? 'edge' : 'default',
  labels: {
    env: /build|legacy/.test(name) ? 'internal' : 'production',
    team: /web|api|edge/.test(name) ? 'shop' : 'platform',
  },
  exposure: /edge|mail/.test(name)
    ? 'internet'
    : /db|cache/.test(name)
      ? 'own-network'
      : name === 'legacy-01'
        ? 'unknown'
        : 'zones',
  firstSeenAt: ago(60 * day * chance(name)),
  lastSeenAt: name === 'db-03' ? ago(26 * minute) : ago(4000),
  scannedAt: ago(5 * hour * chance(name, 's')),
});

const fakeContainers = (host: AssetSummary, hostIndex: number, images: readonly AssetSummary[]): AssetSummary[] =>
  Array.from({ length: 3 + Math.floor(chance('n', host.name) * 14) }, (_, index): AssetSummary => {
    const image = images[(hostIndex * 5 + index * 3) % images.length] as AssetSummary;
    const base = image.name.split(':')[0]?.split('/').at(-1) ?? 'app';
    return {
      id: idOf('container', host.name, index),
      kind: 'container',
      name: `${base}-${index + 1}`,
      status: host.status === 'unknown' ? 'unknown' : chance('st', host.name, index) > 0.92 ? 'stopped' : 'running',
      findings: noCounts(),
      hostId: host.id,
      hostname: host.name,
      imageId: image.id,
      imageName: image.name,
      labels: { 'com.docker.compose.project': base, env: host.labels['env'] ?? '' },
      exposure: image.exposure,
      firstSeenAt: ago(12 * day * chance('c', host.name, index)),
      lastSeenAt: host.lastSeenAt,
      ...(chance('sc', host.name, index) > 0.1 ? { scannedAt: ago(5 * hour) } : {}),
    };
  });

export const packages = [
  ['libssl3', '3.0.11-1~deb12u1', '3.0.15-1~deb12u1', 'deb'],
  ['openssh-server', '1:9.2p1-2+deb12u1', '1:9.2p1-2+deb12u5', 'deb'],
  ['libc6', '2.36-9+deb12u3', '2.36-9+deb12u9', 'deb'],
  ['zlib1g', '1:1.2.13.dfsg-1', '', 'deb'],
  ['curl', '7.88.1-10+deb12u4', '7.88.1-10+deb12u8', 'deb'],
  ['busybox', '1.36.1-r4', '1.36.1-r15', 'apk'],
  ['libcrypto3', '3.1.3-r0', '3.1.7-r1', 'apk'],
  ['python3.11', '3.11.2-6', '3.11.2-6+deb12u4', 'deb'],
  ['linux-libc-dev', '6.1.55-1', '6.1.112-1', 'deb'],
  ['libexpat1', '2.5.0-1', '2.5.0-1+deb12u1', 'deb'],
  ['lodash', '4.17.20', '4.17.21', 'npm'],
  ['org.apache.logging.log4j:log4j-core', '2.14.1', '2.17.1', 'maven'],
  ['stdlib', '1.21.0', '1.21.1', 'golang'],
] as const;

/** Where packages of languages lie; all others are in a distribution's database. */
const places = {
  npm: { location: '/srv/shop/package-lock.json', evidence: 'locked' },
  maven: { location: '/app/app.jar!/BOOT-INF/lib/log4j-core-2.14.1.jar', evidence: 'installed' },
  golang: { location: '/usr/local/bin/exporter', evidence: 'binary' },
} as const;

const placeOf = (type: string): Pick<FindingSummary['package'], 'location' | 'evidence'> =>
  places[type as keyof typeof places] ?? {
    location: type === 'apk' ? '/lib/apk/db/installed' : '/var/lib/dpkg/status',
  };

export const bars = (risk: number, seed: string) => {
  const root = (risk / 100) ** 0.25;
  const wobble = (name: string) => Math.min(1, Math.max(0.04, root + (chance(seed, name) - 0.5) * 0.3));
  return { likelihood: wobble('l'), exposure: wobble('e'), use: wobble('u'), impact: wobble('i') };
};

const fakeFindings = (assets: readonly AssetSummary[], containers: readonly AssetSummary[]): FindingSummary[] =>
  assets.flatMap((asset) =>
    packages.flatMap(([name, version, fixed, type], packageIndex) =>
      Array.from({ length: Math.floor(chance('v', asset.name, name) * 4) }, (_, index): FindingSummary => {
        const vulnerability = `CVE-202${3 + (packageIndex % 4)}-${31000 + packageIndex * 431 + index * 17}`;
        const skew = asset.exposure === 'internet' ? 1 : 0.62;
        const risk = Math.round(1000 * chance(vulnerability, asset.exposure) ** 2.4 * skew) / 10;
        const running = containers.filter((container) => container.imageId === asset.id);
        const worst = running[0];
        const use = pick(['running', 'loaded', 'installed', 'installed', 'unknown'] as const, name, asset.name);
        return {
          id: idOf('finding', asset.id, name, vulnerability),
          kind: 'vulnerability',
          title: `${vulnerability} in ${name} ${version} on ${asset.name}${use === 'loaded' ? ', loaded by a process' : ''}`,
          severity: severityOfRisk(risk),
          risk,
          bars: bars(risk, vulnerability + asset.id),
          status: asset.kind === 'upload' && index === 0 ? 'ruled-out' : 'open',
          vulnerability,
          package: { name, version, type, ...placeOf(type) },
          ...(fixed === '' ? {} : { fixedVersion: fixed }),
          publishedSeverity: pick(['CRITICAL', 'HIGH', 'MEDIUM'], vulnerability),
          cvssScore: Math.round((4 + chance('cvss', vulnerability) * 6) * 10) / 10,
          epss: chance('epss', vulnerability) ** 5,
          kev: chance('kev', vulnerability) > 0.86,
          asset: { id: asset.id, kind: asset.kind, name: asset.name },
          instances: asset.kind === 'image' ? running.length : 1,
          ...(worst === undefined ? {} : { worst: { id: worst.id, kind: worst.kind, name: worst.name } }),
          exposure: asset.exposure,
          use,
          firstSeenAt: ago(30 * day * chance('first', vulnerability)),
          lastSeenAt: ago(20 * minute),
        };
      }),
    ),
  );

const setRisk = (asset: AssetSummary, findings: readonly FindingSummary[]): void => {
  for (const finding of findings) asset.findings[finding.severity] += 1;
  if (findings.length > 0) asset.risk = Math.max(...findings.map((finding) => finding.risk));
  else if (asset.kind !== 'container' && asset.scannedAt === undefined) asset.unmatched = 'not-scanned';
  else if (asset.name === unmatchedHost) asset.unmatched = 'no-advisories';
  else asset.risk = 0;
  if (asset.name === partlyUnmatchedHost) asset.unmatched = 'no-advisories';
};

const fakeSensor = (host: AssetSummary): Sensor => ({
  hostId: host.id,
  hostname: host.name,
  presence: host.name === 'db-03' ? 'unknown' : host.name === 'mail-01' ? 'stopped' : 'online',
  since: host.name === 'db-03' ? ago(26 * minute) : ago(3 * day * chance(host.name)),
  lastSeenAt: host.lastSeenAt,
  ...(host.name === 'db-03'
    ? {
        cause:
          'Nothing is heard of the sensor any more, and its connection was never closed: the network in between, or the host, is down.',
      }
    : {}),
  ...(host.name === 'mail-01' ? { cause: 'The sensor was stopped.' } : {}),
  version: /legacy|edge|cache/.test(host.name) ? '0.0.9' : '0.1.0',
  standing: /legacy|edge|cache/.test(host.name) ? 'outdated' : 'current',
  ...(host.name === 'legacy-01'
    ? {}
    : {
        program: {
          kind: host.name.startsWith('cache') ? ('container' as const) : ('installed' as const),
          build: '0.0.9-0a1b2c3d4e5f',
          architecture: 'x64',
        },
      }),
  unexpectedEnds: host.name === 'web-02' ? 3 : 0,
  enrolledAt: host.firstSeenAt,
  enrolment: host.name === 'cache-01' ? 'taken-over' : 'new',
  zone: host.zone ?? 'default',
  labels: host.labels,
  address: `10.8.${Math.floor(chance(host.name) * 40)}.${10 + Math.floor(chance(host.name, 'a') * 200)}`,
  certificate: { serial: idOf(host.name).replaceAll('-', ''), notAfter: new Date(Date.now() + 21 * day).toISOString() },
  skewMs: host.name === 'web-02' ? 4120 : Math.round((chance(host.name, 'k') - 0.5) * 300),
  rssBytes: 48e6 + chance(host.name, 'r') * 14e6,
  anonymousBytes: 27e6 + chance(host.name, 'an') * 8e6,
  cpuCores: 0.004 + chance(host.name, 'c') * 0.03,
  queued: host.name === 'db-03' ? 1840 : Math.floor(chance(host.name, 'q') * 12),
  queueAgeMs: Math.round(chance(host.name, 'qa') * 900),
  collectors: [
    { name: 'process', state: 'running', source: host.name === 'legacy-01' ? 'proc connector' : 'eBPF ring buffer' },
    host.name === 'legacy-01'
      ? {
          name: 'network',
          state: 'degraded',
          source: 'sock_diag',
          reason: 'Kernel 4.15 has no BTF: connections that live under 5 s may be missed.',
        }
      : { name: 'network', state: 'running', source: 'conntrack and sock_diag' },
    /db|mail/.test(host.name)
      ? {
          name: 'docker',
          state: 'running',
          source: 'none here',
          reason: 'No Docker was found at /var/run/docker.sock; it is noticed as soon as it is there.',
        }
      : { name: 'docker', state: 'running', source: '/var/run/docker.sock' },
    { name: 'host', state: 'running', source: 'files and system calls' },
    { name: 'activity', state: 'running', source: 'eBPF' },
    { name: 'files', state: 'running', source: 'fanotify' },
    { name: 'logins', state: 'running', source: 'wtmp, btmp, auth log' },
    { name: 'accounts', state: 'running', source: 'comparison of files' },
    { name: 'stores', state: 'running', source: '/var/lib/containerd' },
    { name: 'limits', state: 'running', source: '320 MiB of memory and 0.2 cores, own control group (v1)' },
  ],
  lostEvents: host.name === 'edge-02' ? 312 : 0,
  lostRecords: host.name === 'edge-02' ? 14 : 0,
  refusedFrames: 0,
  inSync: host.name !== 'db-03',
});

const fakeScans = (hosts: readonly AssetSummary[], images: readonly AssetSummary[]): Scan[] =>
  [...images, ...hosts].map((asset, index): Scan => {
    const host = hosts[index % hosts.length] as AssetSummary;
    const state =
      (['running', 'waiting', 'done', 'done', 'partial', 'done', 'failed', 'done', 'done', 'expired'] as const)[
        index % 10
      ] ?? 'done';
    const created = (index * 17 + 1) * minute;
    const finished = state !== 'running' && state !== 'waiting';
    return {
      id: idOf('scan', asset.id),
      asset: { id: asset.id, kind: asset.kind, name: asset.name },
      host: { id: host.id, name: host.name },
      cause: (['new', 'changed', 'schedule', 'person'] as const)[index % 4] ?? 'new',
      ...(index % 4 === 3 ? { requestedBy: 'anna.keller' } : {}),
      state,
      ...(state === 'running' ? { progress: 0.62, message: 'Reading layer 6 of 9' } : {}),
      ...(state === 'failed' ? { message: 'The image was removed while it was read.' } : {}),
      ...(state === 'partial'
        ? { message: '2 of 1,204 packages could not be read: /var/lib/dpkg/status.d/broken' }
        : {}),
      ...(state === 'done' || state === 'partial' ? { packages: 90 + index * 37, findings: (index * 7) % 40 } : {}),
      createdAt: ago(created),
      ...(state === 'waiting' ? {} : { startedAt: ago(created - 2000) }),
      ...(finished ? { endedAt: ago(Math.max(0, created - 9000)) } : {}),
      deadline: ago(created - hour),
    };
  });
