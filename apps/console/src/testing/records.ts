import {
  bareContainer,
  type ContainerRecord,
  type EdgeRecord,
  type HostRecord,
  type ImageRecord,
  type InventoryRecord,
  type ListenerRecord,
  type ProcessRecord,
} from '@parapet/contract/wire';

/** Records as a sensor sends them, with only what a test names being special. */
export const hostRecord = (part: Partial<HostRecord> = {}): HostRecord => ({
  kind: 'host',
  key: 'host',
  startedAt: 1000,
  bootId: 'boot-1',
  hostname: 'box',
  os: { id: 'debian', versionId: '12', name: 'Debian 12' },
  kernel: '6.1',
  architecture: 'x86_64',
  cpu: { model: 'cpu', count: 2 },
  memoryBytes: 1,
  addresses: [],
  runtimes: [],
  packageDatabases: [],
  ...part,
});

export const containerRecord = (key: string, part: Partial<ContainerRecord> = {}): ContainerRecord => ({
  ...bareContainer,
  kind: 'container',
  key,
  startedAt: 1000,
  runtime: 'docker',
  runtimeId: key,
  name: key,
  state: 'running',
  imageName: 'image:1',
  networkMode: 'bridge',
  ...part,
});

/** An address of a container on a runtime's network. */
export const network = (address: string, name = 'bridge') => ({ name, networkId: name, address, prefixLength: 16 });

export const imageRecord = (key: string, part: Partial<ImageRecord> = {}): ImageRecord => ({
  kind: 'image',
  key,
  startedAt: 1000,
  runtime: 'docker',
  tags: [`${key}:latest`],
  repoDigests: [],
  sizeBytes: 1,
  labels: {},
  ...part,
});

export const processRecord = (key: string, part: Partial<ProcessRecord> = {}): ProcessRecord => ({
  kind: 'process',
  key,
  startedAt: 1000,
  pid: Number(key.split(':')[0]) || 1,
  name: 'program',
  executable: '/bin/program',
  arguments: [],
  user: { uid: 0 },
  loadedFiles: [],
  ...part,
});

export const listenerRecord = (port: number, part: Partial<ListenerRecord> = {}): ListenerRecord => ({
  kind: 'listener',
  key: `host|tcp|0.0.0.0|${port}`,
  startedAt: 1000,
  protocol: 'tcp',
  address: '0.0.0.0',
  port,
  ...part,
});

export const edgeRecord = (key: string, part: Partial<EdgeRecord> = {}): EdgeRecord => ({
  kind: 'edge',
  key,
  startedAt: 1000,
  direction: 'out',
  protocol: 'tcp',
  peer: { kind: 'internet', addresses: ['1.1.1.1'], addressCount: 1 },
  serverPort: 443,
  lastSeenAt: 1000,
  connections: 1,
  ...part,
});

export const putLine = (record: InventoryRecord): string => JSON.stringify({ kind: 'put', record });
