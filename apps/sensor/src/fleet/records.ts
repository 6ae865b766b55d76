import type {
  ContainerRecord,
  EdgePeer,
  EdgeRecord,
  HostRecord,
  ImageRecord,
  ListenerRecord,
  ProcessRecord,
} from '@parapet/contract/wire';
import type { Service } from './catalogue.ts';
import { createRandom, hexOf } from './random.ts';
import { loadedFilesOf } from './software.ts';
import type { HostPlan, Slot } from './world.ts';

/** Records of simulated things, as the collectors of a real host would make them. */

export const hostRecordOf = (host: HostPlan, bootedAtMs: number): HostRecord => ({
  kind: 'host',
  key: 'host',
  startedAt: bootedAtMs,
  bootId: host.bootId,
  hostname: host.name,
  os: { id: host.system.id, versionId: host.system.versionId, name: host.system.name },
  kernel: host.kernel,
  architecture: 'x86_64',
  cpu: { model: 'Simulated CPU', count: host.cpus },
  memoryBytes: host.memoryBytes,
  addresses: [
    { address: host.address, prefixLength: 24, device: 'eth0' },
    { address: '172.17.0.1', prefixLength: 16, device: 'docker0' },
    { address: '172.18.0.1', prefixLength: 16, device: 'br-5ca1ab1e0000' },
  ],
  cloud: {
    provider: host.site.provider,
    instanceId: `i-${hexOf(17, host.machineId)}`,
    region: host.site.region,
    zone: `${host.site.region}${'abc'[host.index % 3]}`,
    instanceType: `simulated.${host.cpus}x`,
    network: `vpc-${host.site.zone}`,
  },
  runtimes: host.role === 'bastion' ? [] : [{ name: 'docker', version: '25.0.3', state: 'ok' }],
  packageDatabases: [{ path: '/var/lib/dpkg/status', modifiedAt: bootedAtMs, sizeBytes: 812_345 }],
});

export const imageKeyOf = (service: Service, version: number): string =>
  `sha256:${hexOf(64, 'image', service.name, version)}`;

export const imageNameOf = (service: Service, version: number): string => `${service.image}:1.${version}`;

export const imageRecordOf = (service: Service, version: number, atMs: number): ImageRecord => ({
  kind: 'image',
  key: imageKeyOf(service, version),
  startedAt: atMs,
  runtime: 'docker',
  tags: [imageNameOf(service, version)],
  repoDigests: [`${service.image}@sha256:${hexOf(64, 'manifest', service.name, version)}`],
  sizeBytes: 40_000_000 + createRandom('size', service.name).int(400_000_000),
  createdAt: atMs,
  architecture: 'amd64',
  labels: { 'org.opencontainers.image.title': service.name },
});

export const containerRecordOf = (
  slot: Slot,
  host: HostPlan,
  at: { readonly key: string; readonly version: number; readonly pid: number; readonly startedAtMs: number },
): ContainerRecord => {
  const { service } = slot;
  return {
    kind: 'container',
    key: at.key,
    startedAt: at.startedAtMs,
    runtime: 'docker',
    runtimeId: at.key.slice('docker:'.length),
    name: `${service.name}-${slot.rank + 1}`,
    state: 'running',
    imageName: imageNameOf(service, at.version),
    imageDigest: imageKeyOf(service, at.version),
    pid: at.pid,
    labels: { 'com.shop.service': service.name, 'com.shop.environment': host.site.environment },
    networkMode: 'app',
    networks: [{ name: 'app', networkId: '5ca1ab1e', address: slot.address, prefixLength: 16 }],
    ports:
      slot.hostPort === undefined
        ? []
        : [{ protocol: 'tcp', containerPort: service.port, hostAddress: '0.0.0.0', hostPort: slot.hostPort }],
    privilege: {
      privileged: service.privileged ?? false,
      user: service.root === true ? '' : '1000',
      capabilitiesAdded: [],
      hostNetwork: false,
      hostPid: service.name === 'node-exporter',
      readOnlyRoot: service.runtime === 'go',
      hostMounts: (service.hostMounts ?? []).map((path) => ({ source: path, target: path, writable: false })),
      runtimeSocket: service.hostMounts?.includes('/var/run/docker.sock') ?? false,
    },
    packageDatabases: [],
  };
};

export const processRecordOf = (part: {
  readonly pid: number;
  readonly startedAtMs: number;
  readonly bootedAtMs: number;
  readonly containerKey?: string;
  readonly parentKey?: string;
  readonly executable: string;
  readonly arguments: readonly string[];
  readonly uid: number;
  readonly loadedFiles: readonly string[];
}): ProcessRecord => ({
  kind: 'process',
  key: `${part.pid}:${Math.max(0, Math.floor((part.startedAtMs - part.bootedAtMs) / 10))}`,
  startedAt: part.startedAtMs,
  pid: part.pid,
  ...(part.containerKey === undefined ? {} : { containerKey: part.containerKey }),
  ...(part.parentKey === undefined ? {} : { parentKey: part.parentKey }),
  name: part.executable.split('/').at(-1) ?? part.executable,
  executable: part.executable,
  arguments: [...part.arguments],
  user: { uid: part.uid },
  loadedFiles: [...part.loadedFiles],
});

export const libraryFilesOf = (service: Service): readonly string[] => loadedFilesOf(service.base, service.runtime);

export const listenerRecordOf = (part: {
  readonly containerKey?: string;
  readonly processKey: string;
  readonly executable: string;
  readonly port: number;
  readonly startedAtMs: number;
}): ListenerRecord => ({
  kind: 'listener',
  key: `${part.containerKey ?? 'host'}|tcp|0.0.0.0|${part.port}`,
  startedAt: part.startedAtMs,
  ...(part.containerKey === undefined ? {} : { containerKey: part.containerKey }),
  processKey: part.processKey,
  executable: part.executable,
  protocol: 'tcp',
  address: '0.0.0.0',
  port: part.port,
});

export const edgeRecordOf = (part: {
  readonly key: string;
  readonly containerKey?: string;
  readonly processKey?: string;
  readonly executable: string;
  readonly direction: 'in' | 'out';
  readonly peer: EdgePeer;
  readonly serverPort: number;
  readonly publishedPort?: number;
  readonly protocol?: 'tcp' | 'udp';
  readonly startedAtMs: number;
}): EdgeRecord => ({
  kind: 'edge',
  key: part.key,
  startedAt: part.startedAtMs,
  ...(part.containerKey === undefined ? {} : { containerKey: part.containerKey }),
  ...(part.processKey === undefined ? {} : { processKey: part.processKey }),
  executable: part.executable,
  direction: part.direction,
  protocol: part.protocol ?? 'tcp',
  peer: part.peer,
  serverPort: part.serverPort,
  ...(part.publishedPort === undefined ? {} : { publishedPort: part.publishedPort }),
  lastSeenAt: part.startedAtMs,
  connections: 1,
  bytesSent: 400,
  bytesReceived: 900,
});
