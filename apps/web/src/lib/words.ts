/** The words of the product for the values of the contract. */
export const exposureNames: Readonly<Record<string, string>> = {
  internet: 'Internet',
  zones: 'Other zones',
  'own-network': 'Own network',
  'none-seen': 'Nothing seen',
  unknown: 'Unknown',
};

export const useNames: Readonly<Record<string, string>> = {
  running: 'Runs now',
  loaded: 'Loaded now',
  installed: 'Installed only',
  unknown: 'Unknown',
};

/** How a package is known. */
export const evidenceNames: Readonly<Record<string, string>> = {
  installed: 'Installed',
  locked: 'Named by a lock file',
  declared: 'Asked for by a manifest',
  binary: 'Compiled into a program',
};

export const statusNames: Readonly<Record<string, string>> = {
  running: 'Running',
  stopped: 'Stopped',
  unknown: 'Unknown',
  gone: 'Gone',
  present: 'Present',
};

export const assetKindNames: Readonly<Record<string, string>> = {
  host: 'Host',
  container: 'Container',
  image: 'Image',
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
