import type {
  AssetSummary,
  FindingSummary,
  MapNode,
  Sensor,
  Unmatched,
  VexDocumentItem,
  VexWord,
} from '@parapet/contract/api';

/** The words of the product for the values of the contract. */
export const exposureNames: Readonly<Record<string, string>> = {
  internet: 'Internet',
  zones: 'Other zones',
  'own-network': 'Own network',
  'none-seen': 'Nothing seen',
  unknown: 'Unknown',
};

export const useNames: Readonly<Record<string, string>> = {
  running: 'Running now',
  loaded: 'Loaded now',
  installed: 'Installed only',
  unknown: 'Unknown',
};

/** Why what is vulnerable on an asset is not known. */
export const unmatchedNames: Readonly<Record<Unmatched, string>> = {
  'not-scanned': 'not scanned yet',
  'not-yet': 'not matched yet',
  'no-feeds': 'no feeds yet',
  'no-advisories': 'no advisories for its packages',
  'no-packages': 'no packages found',
};

/** How a package is known. */
export const evidenceNames: Readonly<Record<string, string>> = {
  installed: 'Installed',
  locked: 'Named by a lock file',
  declared: 'Asked for by a manifest',
  binary: 'Compiled into a program',
};

/** `unknown` as a filter has it, which asks for hosts and for what is on them. */
export const statusNames: Readonly<Record<string, string>> = {
  running: 'Running',
  stopped: 'Stopped',
  unknown: 'Silent',
  gone: 'Gone',
  present: 'Present',
};

/** A host is silent itself; what is on one may or may not still run. */
export const statusName = (kind: AssetSummary['kind'] | MapNode['kind'], status: AssetSummary['status']): string =>
  status !== 'unknown' || hostKinds.has(kind) ? (statusNames[status] ?? status) : 'Host silent';

const hostKinds: ReadonlySet<string> = new Set<AssetSummary['kind'] | MapNode['kind']>(['host', 'host-group', 'zone']);

/** What is known of a sensor's connection. */
export const presenceNames: Readonly<Record<Sensor['presence'], string>> = {
  online: 'Online',
  unknown: 'Silent',
  stopped: 'Stopped',
  revoked: 'Revoked',
  removed: 'Removed',
};

export const assetKindNames: Readonly<Record<string, string>> = {
  host: 'Host',
  container: 'Container',
  image: 'Image',
  upload: 'Uploaded scan',
};

export const scanStateNames: Readonly<Record<string, string>> = {
  waiting: 'Waiting',
  sent: 'Sent',
  running: 'Running',
  done: 'Done',
  partial: 'Partly done',
  failed: 'Failed',
  cancelled: 'Cancelled',
  expired: 'Expired',
};

/** What a finding's status is called. */
export const findingStatusNames = {
  open: 'open',
  accepted: 'accepted',
  'ruled-out': 'ruled out',
  closed: 'closed',
} as const satisfies Readonly<Record<FindingSummary['status'], string>>;

export const vexFormatNames = {
  openvex: 'OpenVEX',
  csaf: 'CSAF',
  cyclonedx: 'CycloneDX',
} as const satisfies Readonly<Record<VexDocumentItem['format'], string>>;

/** What VEX says of a finding, to stand in a sentence. */
export const vexStatusNames = {
  not_affected: 'not affected',
  affected: 'affected',
  fixed: 'fixed',
  under_investigation: 'under investigation',
} as const satisfies Readonly<Record<VexWord['status'], string>>;

/** What nothing runs as: it has no processes, connections or place on the map. */
export const isAtRest = (kind: FindingSummary['asset']['kind']): boolean => kind === 'image' || kind === 'upload';
