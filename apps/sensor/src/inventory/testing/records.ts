import {
  bareContainer,
  type ContainerRecord,
  type EdgeRecord,
  type ImageRecord,
  type ListenerRecord,
  type ProcessRecord,
} from '@parapet/contract/wire';

export const processRecord = (key: string, changes: Partial<ProcessRecord> = {}): ProcessRecord => ({
  kind: 'process',
  key,
  startedAt: 1000,
  pid: 1,
  name: 'worker',
  executable: '/usr/bin/worker',
  arguments: ['worker'],
  user: { uid: 0 },
  loadedFiles: [],
  ...changes,
});

export const containerRecord = (key: string, changes: Partial<ContainerRecord> = {}): ContainerRecord => ({
  ...bareContainer,
  kind: 'container',
  key,
  startedAt: 1000,
  runtime: 'docker',
  runtimeId: key,
  name: key,
  state: 'running',
  imageName: 'image',
  networkMode: 'bridge',
  ...changes,
});

export const edgeRecord = (key: string, changes: Partial<EdgeRecord> = {}): EdgeRecord => ({
  kind: 'edge',
  key,
  startedAt: 1000,
  direction: 'out',
  protocol: 'tcp',
  peer: { kind: 'address', address: '10.0.0.2' },
  serverPort: 443,
  lastSeenAt: 1000,
  connections: 1,
  ...changes,
});

export const listenerRecord = (key: string, changes: Partial<ListenerRecord> = {}): ListenerRecord => ({
  kind: 'listener',
  key,
  startedAt: 1000,
  protocol: 'tcp',
  address: '0.0.0.0',
  port: 80,
  ...changes,
});

export const imageRecord = (key: string, changes: Partial<ImageRecord> = {}): ImageRecord => ({
  kind: 'image',
  key,
  startedAt: 1000,
  runtime: 'docker',
  tags: [],
  repoDigests: [],
  sizeBytes: 1,
  labels: {},
  ...changes,
});
