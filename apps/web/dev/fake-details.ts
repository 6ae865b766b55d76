/** FAKE details of one asset or finding. */
import type { AssetSummary, EdgeItem, FindingSummary, PackageItem, ProcessItem, Risk } from '@parapet/contract/api';
import { ago, chance, day, hour, idOf, minute, pick } from './fake-seed.ts';
import { packages } from './fake-world.ts';

export const fakeRisk = (finding: FindingSummary): Risk => ({
  value: finding.risk,
  formula: '1',
  likelihood: {
    value: finding.bars.likelihood,
    known: true,
    reason: finding.kev
      ? 'It is on the list of vulnerabilities that are exploited now.'
      : 'No exploitation is known, an exploit is public.',
    evidence: [
      ...(finding.kev
        ? [
            {
              kind: 'kev' as const,
              text: 'CISA KEV since 14 Nov 2026',
              ref: 'https://www.cisa.gov/known-exploited-vulnerabilities-catalog',
            },
          ]
        : []),
      { kind: 'epss', text: `EPSS ${((finding.epss ?? 0) * 100).toFixed(1)} %` },
      { kind: 'cvss', text: `CVSS 3.1 ${finding.cvssScore}, network, no privileges needed` },
    ],
  },
  exposure: {
    value: finding.bars.exposure,
    known: finding.exposure !== 'unknown',
    reason:
      finding.exposure === 'internet'
        ? 'Its port was reached from 4,120 Internet addresses in the last hour.'
        : 'Only its own network was seen to reach it.',
    evidence: [
      { kind: 'listener', text: 'nginx listens on 0.0.0.0:443', ref: finding.worst?.id ?? finding.asset.id },
      { kind: 'path', text: 'Internet → edge-01 → nginx-1, 1 hop', ref: finding.worst?.id ?? finding.asset.id },
    ],
  },
  use: {
    value: finding.bars.use,
    known: finding.use !== 'unknown',
    reason:
      finding.use === 'installed'
        ? 'The file is there, but no process was seen to load it.'
        : 'A process has its file mapped now.',
    evidence: [
      { kind: 'process', text: 'nginx, pid 4121, as root' },
      { kind: 'file', text: '/usr/lib/x86_64-linux-gnu/libssl.so.3' },
    ],
  },
  impact: {
    value: finding.bars.impact,
    known: true,
    reason: 'The process is root in a container without extra privileges.',
    evidence: [{ kind: 'privilege', text: 'uid 0, CAP_NET_BIND_SERVICE' }],
  },
});

export const fakeProcesses = (asset: AssetSummary): ProcessItem[] => {
  const listen = (port: number) => [{ protocol: 'tcp', address: '0.0.0.0', port }];
  const process = (
    pid: number,
    parentPid: number | undefined,
    name: string,
    extra: Partial<ProcessItem> = {},
  ): ProcessItem => ({
    id: `${asset.id}/${pid}`,
    pid,
    ...(parentPid === undefined ? {} : { parentPid }),
    name,
    executable: `/usr/sbin/${name}`,
    arguments: [name, '--config', `/etc/${name}.conf`],
    user: 'root',
    root: true,
    startedAt: ago(3 * day),
    listening: [],
    ...extra,
  });
  return [
    process(1, undefined, 'systemd', { arguments: ['/sbin/init'] }),
    process(412, 1, 'sshd', { listening: listen(22) }),
    process(9014, 412, 'sshd', { arguments: ['sshd: deploy [priv]'], startedAt: ago(8 * minute) }),
    process(9020, 9014, 'bash', {
      user: 'deploy',
      root: false,
      startedAt: ago(8 * minute),
      executable: '/usr/bin/bash',
    }),
    process(701, 1, 'dockerd'),
    process(720, 701, 'containerd'),
    process(2101, 720, 'containerd-shim', { startedAt: ago(day) }),
    process(4121, 2101, 'nginx', {
      listening: [...listen(80), ...listen(443)],
      containerName: 'nginx-1',
      containerId: idOf('container', asset.name, 0),
      startedAt: ago(day),
    }),
    process(4160, 4121, 'nginx', {
      user: 'www-data',
      root: false,
      arguments: ['nginx: worker process'],
      containerName: 'nginx-1',
      startedAt: ago(day),
    }),
    process(4161, 4121, 'nginx', {
      user: 'www-data',
      root: false,
      arguments: ['nginx: worker process'],
      containerName: 'nginx-1',
      startedAt: ago(day),
    }),
    process(811, 1, 'cron'),
    process(930, 1, 'parapet-sensor'),
  ];
};

export const fakeEdges = (asset: AssetSummary): EdgeItem[] => {
  const me = {
    kind: asset.kind === 'host' || asset.kind === 'container' ? asset.kind : ('address' as const),
    id: asset.id,
    name: asset.name,
    process: 'nginx',
  };
  const edge = (
    name: string,
    source: EdgeItem['source'],
    target: EdgeItem['target'],
    port: number,
    extra: Partial<EdgeItem> = {},
  ): EdgeItem => ({
    id: idOf('edge', asset.id, name),
    source,
    target,
    protocol: 'tcp',
    port,
    connections: Math.floor(chance('conn', name) * 90_000),
    bytesSent: chance('bs', name) * 4e9,
    bytesReceived: chance('br', name) * 9e9,
    firstSeenAt: ago(9 * day),
    lastSeenAt: ago(12_000),
    reporters: ['source', 'target'],
    ...extra,
  });
  const container = (name: string, process: string) => ({
    kind: 'container' as const,
    id: idOf('container', 'web-01', 1),
    name,
    process,
  });
  return [
    edge('a', { kind: 'internet', name: 'Internet' }, me, 443, {
      publishedPort: 443,
      addresses: ['203.0.113.9', '198.51.100.22'],
      addressCount: 4120,
      reporters: ['target'],
    }),
    edge('b', me, container('api-2', 'node'), 3000),
    edge('c', me, container('redis-1', 'redis-server'), 6379),
    edge('d', me, { kind: 'address', name: '10.8.0.44' }, 5432, { reporters: ['source'] }),
    edge('e', me, { kind: 'internet', name: 'Internet' }, 443, {
      addressCount: 2,
      addresses: ['192.0.2.4'],
      reporters: ['source'],
      firstSeenAt: ago(40 * minute),
    }),
    edge('f', container('grafana-1', 'grafana'), me, 9113, { endedAt: ago(2 * hour), lastSeenAt: ago(2 * hour) }),
  ];
};

export const fakePackages = (asset: AssetSummary, findings: readonly FindingSummary[]): PackageItem[] =>
  Array.from({ length: 212 }, (_, index): PackageItem => {
    const known = packages[index];
    const name = known?.[0] ?? `lib${pick(['foo', 'gnu', 'x11', 'perl', 'db', 'apt', 'gcc', 'utf8'], index)}${index}`;
    const version = known?.[1] ?? `${1 + (index % 4)}.${index % 17}.${index % 5}-1`;
    const mine = findings.filter(
      (finding) => finding.asset.id === (asset.imageId ?? asset.id) && finding.package.name === name,
    );
    return {
      purl: `pkg:deb/debian/${name}@${version}?arch=amd64&distro=debian-12`,
      type: 'deb',
      name,
      version,
      architecture: 'amd64',
      source: name,
      licences: index % 3 === 0 ? ['GPL-2.0-or-later'] : ['MIT'],
      location: '/var/lib/dpkg/status',
      use: pick(['running', 'loaded', 'installed', 'installed', 'installed'] as const, 'use', index),
      findings: mine.length,
      ...(mine.length === 0 ? {} : { risk: Math.max(...mine.map((finding) => finding.risk)) }),
    };
  });
