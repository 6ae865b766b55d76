/** Names of graph nodes as the edges table holds them. */
export const internetNode = 'internet';
export const hostNode = (hostId: string): string => `host:${hostId}`;
export const containerNode = (assetId: string): string => `container:${assetId}`;
export const peerNode = (zone: string, address: string): string => `peer:${zone}|${address}`;

export const isPeerNode = (node: string): boolean => node.startsWith('peer:');
export const isHostNode = (node: string): boolean => node.startsWith('host:');

/** The asset behind a node; `undefined` for the Internet and for strangers. */
export const assetOfNode = (node: string): string | undefined =>
  node.startsWith('host:') || node.startsWith('container:') ? node.slice(node.indexOf(':') + 1) : undefined;
