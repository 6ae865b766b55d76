import { createHash } from 'node:crypto';

/**
 * Ids of map nodes. They are stable, so that a client keeps positions, and never decoded: what an id means is found by making
 * the ids of what is there and comparing. Names inside them come from workloads, so commas (the separator of a list of ids)
 * and bars are escaped and long ones are replaced by a digest.
 */
export const internetId = 'internet';
/** Everything that the caller's scope hides, as one node. */
export const outsideId = 'outside';

export const zoneId = (zone: string): string => `zone:${part(zone)}`;
export const hostGroupId = (zone: string, group: string): string => `hosts:${part(zone)}|${part(group)}`;
export const hostId = (id: string): string => `host:${id}`;
export const containerId = (id: string): string => `container:${id}`;
export const replicasId = (host: string, image: string, stem: string): string =>
  `containers:${host}|${part(image)}|${part(stem)}`;
/** What did not fit inside an outline. */
export const restId = (outline: string): string => `containers:${outline}|rest`;
/** Processes of one program outside containers, or inside one that is open. */
export const serviceId = (owner: string, program: string): string => `service:${owner}|${part(program)}`;
export const processId = (host: string, key: string): string => `process:${host}|${part(key)}`;
export const peerId = (zone: string, address: string): string => `peer:${part(zone)}|${part(address)}`;
export const peersId = (zone: string, block: string): string => `peers:${part(zone)}|${part(block)}`;

/** The zone and address of a node as the edges table names it, `peer:<zone>|<address>`. */
export const parsePeerNode = (node: string): { readonly zone: string; readonly address: string } => {
  const rest = node.startsWith('peer:') ? node.slice(5) : node;
  const bar = rest.lastIndexOf('|');
  return bar < 0 ? { zone: '', address: rest } : { zone: rest.slice(0, bar), address: rest.slice(bar + 1) };
};

/** The program of an executable path: its last part. */
export const programOf = (executable: string): string => executable.slice(executable.lastIndexOf('/') + 1);

/** A name as shown: no control or direction-changing characters, at most 120 characters. */
export const shownName = (name: string): string => {
  const clean = name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
  return clean.length <= 120 ? clean : `${clean.slice(0, 119)}…`;
};

/** The node of the edges table that a `peer:` id stands for. Ids of names so long that they were replaced match nothing. */
export const peerNodeOf = (id: string): string =>
  id.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const partLimit = 72;
const part = (text: string): string => {
  const escaped = text.replace(
    /[%,|\p{Cc}]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  if (escaped.length <= partLimit) return escaped;
  return `${escaped.slice(0, partLimit - 26)}~${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
};
