import type { AssetKind, AssetStatus } from '@parapet/contract/api';

/** What was observed of one workload (a host's own processes, or a container), as the risk functions take it. */
export type Workload = {
  readonly assetId: string;
  readonly kind: AssetKind;
  readonly name: string;
  /** Its host, itself for a host. */
  readonly hostId: string;
  readonly hostname: string;
  readonly status: AssetStatus;
  readonly processes: readonly ObservedProcess[];
  readonly listeners: readonly ObservedListener[];
  readonly publishedPorts: readonly PublishedPort[];
  readonly inbound: readonly InboundEdge[];
  /** The shortest observed way from the Internet, when there is one within four hops. */
  readonly internetPath?: InternetPath | undefined;
  readonly privilege?: Privilege | undefined;
  /** Why we cannot see its processes or connections, in words; absent while we can. */
  readonly blind: { readonly processes?: string | undefined; readonly connections?: string | undefined };
};

export type ObservedProcess = {
  readonly key: string;
  readonly pid: number;
  readonly name: string;
  readonly executable: string;
  readonly root: boolean;
  readonly user: string;
  /** It holds capabilities beyond those of an ordinary process. */
  readonly capable: boolean;
  readonly loadedFiles: readonly string[];
  /** Of interpreters only: what they run is in their arguments, not in what they map. */
  readonly arguments: readonly string[];
  /** The sensor may not read what it runs and has loaded. */
  readonly hidden: boolean;
};

export type ObservedListener = {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  /** Null when the owner is not known. */
  readonly executable: string | null;
};

export type PublishedPort = {
  readonly protocol: string;
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly containerPort: number;
};

export type InboundEdge = {
  readonly from: 'internet' | 'zones' | 'own-network' | 'same-host';
  /** For people, and the node id it links to. */
  readonly peer: string;
  readonly ref: string;
  readonly protocol: string;
  readonly port: number;
  /** The program that was reached; empty when unknown. */
  readonly executable: string;
  readonly addressCount: number | null;
};

export type InternetPath = {
  /** Edges from the Internet to here: 1 is direct. */
  readonly hops: number;
  /** The workloads in between, the one that faces the Internet first. */
  readonly through: readonly { readonly assetId: string; readonly name: string }[];
  readonly protocol: string;
  readonly port: number;
};

export type Privilege = {
  readonly privileged: boolean;
  readonly user: string;
  readonly capabilitiesAdded: readonly string[];
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly readOnlyRoot: boolean;
  readonly hostMounts: readonly { readonly source: string; readonly target: string; readonly writable: boolean }[];
  readonly runtimeSocket: boolean;
};

/** How the processes of a workload use one package. */
export type PackageUse = {
  readonly running: readonly ObservedProcess[];
  readonly loaded: readonly { readonly process: ObservedProcess; readonly file: string; readonly deleted: boolean }[];
  /** Interpreters of its language, which may have loaded it without being seen to. */
  readonly possible: readonly ObservedProcess[];
};
