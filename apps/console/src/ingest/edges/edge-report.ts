import type { EdgeRecord } from '@parapet/contract/wire';

/** The far end of a report, in the terms of its host. */
export type ReportPeer =
  | { readonly kind: 'local'; readonly containerKey: string | undefined }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'internet' };

/** What one sensor says of one edge, with our times. */
export type EdgeReport = {
  readonly hostId: string;
  readonly zone: string;
  readonly key: string;
  readonly side: 'source' | 'target';
  readonly protocol: 'tcp' | 'udp';
  readonly containerKey: string | undefined;
  readonly peer: ReportPeer;
  /** Programs at the reporter's end and, where it sees it, at the other. */
  readonly localProcess: string;
  readonly peerProcess: string;
  readonly serverPort: number;
  readonly publishedPort: number | undefined;
  readonly live: boolean;
  readonly startedAtMs: number;
  /** When it was last seen; for one that is over, its end. */
  readonly lastSeenAtMs: number;
  readonly connections: number;
  readonly bytesSent: number | undefined;
  readonly bytesReceived: number | undefined;
  readonly record: EdgeRecord;
};

/** Where a report stands in the graph. Reports that agree in all four are one group. */
export type Placement = {
  readonly sourceNode: string;
  readonly targetNode: string;
  readonly port: number;
  readonly publishedPort: number | undefined;
};

/** The edge a report belongs to at present. */
export type ReportEdge = { readonly id: number; readonly sourceProcess: string; readonly targetProcess: string };

export type PlacedReport = EdgeReport & Placement & { readonly edge: ReportEdge | undefined };

export const groupOf = (report: Placement & { readonly protocol: string }): string =>
  `${report.sourceNode}\0${report.targetNode}\0${report.protocol}\0${report.port}`;

export const reportId = (report: { readonly hostId: string; readonly key: string }): string =>
  `${report.hostId}\0${report.key}`;

export type EdgeIdentity = {
  readonly sourceNode: string;
  readonly sourceProcess: string;
  readonly targetNode: string;
  readonly targetProcess: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
};

export const identityOf = (identity: EdgeIdentity): string =>
  [
    identity.sourceNode,
    identity.sourceProcess,
    identity.targetNode,
    identity.targetProcess,
    identity.protocol,
    identity.port,
  ].join('\0');
