import { createHash } from 'node:crypto';
import type { TransportProtocol } from '@parapet/kernel';

/** What a listener or edge belongs to: a container, or the host itself where there is none. */
export const workloadKey = (containerKey: string | undefined): string => containerKey ?? 'host';

export const listenerKey = (
  containerKey: string | undefined,
  protocol: TransportProtocol,
  address: string,
  port: number,
): string => [workloadKey(containerKey), protocol, address, String(port)].join('|');

/**
 * Joins the parts of an edge's identity. A workload chooses the names of its executables, so a part must not be able to look
 * like two parts, nor grow the key beyond what the wire takes.
 */
export const edgeKey = (parts: readonly string[]): string => {
  const joined = parts.map(escapePart).join('|');
  return joined.length <= maxKeyLength ? joined : `${joined.slice(0, 380)}~${digest(joined)}`;
};

/** The wire takes 512 characters. */
const maxKeyLength = 480;

const escapePart = (part: string): string => part.replace(/[%|]/g, (character) => (character === '%' ? '%25' : '%7C'));

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
