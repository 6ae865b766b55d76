import type { InboundEdge, ObservedProcess, PackageUse, Privilege, Workload } from './observation.ts';

/** Makers of observations for tests, plain unless told otherwise. */
export const aProcess = (changes: Partial<ObservedProcess> = {}): ObservedProcess => ({
  key: '100:1',
  pid: 100,
  name: 'nginx',
  executable: '/usr/sbin/nginx',
  root: false,
  user: 'www-data',
  capable: false,
  loadedFiles: [],
  arguments: [],
  hidden: false,
  ...changes,
});

export const anEdge = (changes: Partial<InboundEdge> = {}): InboundEdge => ({
  from: 'internet',
  peer: 'Internet',
  ref: 'internet',
  protocol: 'tcp',
  port: 443,
  executable: '/usr/sbin/nginx',
  addressCount: 4120,
  ...changes,
});

export const aHost = (changes: Partial<Workload> = {}): Workload => ({
  assetId: 'host-1',
  kind: 'host',
  name: 'edge-01',
  hostId: 'host-1',
  hostname: 'edge-01',
  status: 'running',
  processes: [],
  listeners: [],
  publishedPorts: [],
  inbound: [],
  blind: {},
  ...changes,
});

export const aPrivilege = (changes: Partial<Privilege> = {}): Privilege => ({
  privileged: false,
  user: '1000',
  capabilitiesAdded: [],
  hostNetwork: false,
  hostPid: false,
  readOnlyRoot: false,
  hostMounts: [],
  runtimeSocket: false,
  ...changes,
});

export const aContainer = (changes: Partial<Workload> = {}): Workload =>
  aHost({ assetId: 'container-1', kind: 'container', name: 'shop', privilege: aPrivilege(), ...changes });

export const runningBy = (...processes: readonly ObservedProcess[]): PackageUse => ({
  running: processes,
  loaded: [],
  possible: [],
});

export const loadedBy = (process: ObservedProcess, file: string, deleted = false): PackageUse => ({
  running: [],
  loaded: [{ process, file, deleted }],
  possible: [],
});
