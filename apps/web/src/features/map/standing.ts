import type { MapNode } from '@parapet/contract/api';
import { formatMoment } from '../../lib/format.ts';
import { statusName } from '../../lib/words.ts';

/** What is known of a node, in a sentence; of a silent host also from when on. */
export const standingOf = (node: Pick<MapNode, 'kind' | 'status' | 'silentSince'>, now = Date.now()): string => {
  const word = node.status === 'present' ? 'seen' : statusName(node.kind, node.status).toLowerCase();
  return node.silentSince === undefined ? word : `${word} since ${formatMoment(node.silentSince, now)}`;
};

/** Whether it would have a risk that is not known, which is another thing than a low one. */
export const isRiskUnknown = ({ id, kind, risk }: Pick<MapNode, 'id' | 'kind' | 'risk'>): boolean =>
  risk === undefined && id !== 'outside' && assetKinds.has(kind);

const assetKinds: ReadonlySet<MapNode['kind']> = new Set(['host', 'host-group', 'container', 'container-group']);
