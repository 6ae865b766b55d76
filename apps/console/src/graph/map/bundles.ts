import type { MapEdge } from '@parapet/contract/api';
import type { Moment } from '../moment.ts';
import { internetId, outsideId, peerId, peersId, shownName } from '../node-id.ts';
import type { Bundle, Mark, Marks } from './marks.ts';
import { type ProgramMarks, plural } from './place-marks.ts';
import { zoneLabel } from './plan-hosts.ts';
import type { LiftedEdge, LiftedEnd } from './read-edges.ts';

export type BundleContext = { readonly marks: Marks; readonly moment: Moment; readonly programs: ProgramMarks };

export type Bundles = {
  readonly list: readonly Bundle[];
  /** Ids of the nodes at their ends. */
  readonly touched: ReadonlySet<string>;
};

/** An edge counts as active when it was seen this short a while before the shown moment. */
const activeMs = 5 * 60_000;

/** Turns lifted edges into the edges of the view, adding the Internet, peers and programs where they are first met. */
export const addBundles = (lifted: readonly LiftedEdge[], context: BundleContext): Bundles => {
  const bundles = new Map<string, Bundle>();
  const touched = new Set<string>();
  for (const edge of lifted) {
    const source = endOf(edge.source, edge, context, false);
    const target = endOf(edge.target, edge, context, true);
    if (source === undefined || target === undefined || source === target) continue;
    touched.add(source.id).add(target.id);
    const id = `${source.id}>${target.id}`;
    const known = bundles.get(id);
    bundles.set(id, merge(known, present(id, source, target, edge, context.moment)));
    if (source.kind === 'internet') markExposed(target, context.marks);
  }
  return { list: [...bundles.values()], touched };
};

const endOf = (
  end: LiftedEnd,
  edge: LiftedEdge,
  { marks, programs }: BundleContext,
  isTarget: boolean,
): Mark | undefined => {
  switch (end.kind) {
    case 'internet': {
      const mark = marks.add({ id: internetId, kind: 'internet', label: 'Internet', status: 'present' });
      mark.count = Math.max(mark.count, edge.addresses);
      if (mark.count > 1) mark.detail = `${mark.count.toLocaleString('en')} addresses`;
      return mark;
    }
    case 'outside':
      return marks.add({ id: outsideId, kind: 'peer-group', label: 'Outside your scope', status: 'present' });
    case 'peer':
      return end.block ? peerBlock(end, edge, marks) : peer(end, marks);
    case 'node': {
      const mark = marks.at(end.index);
      return mark?.outline === true
        ? programs.markOf(mark, end.program, isTarget ? edge.ports[0]?.port : undefined)
        : mark;
    }
  }
};

type PeerEnd = Extract<LiftedEnd, { kind: 'peer' }>;

const peer = (end: PeerEnd, marks: Marks): Mark =>
  marks.add({
    id: peerId(end.zone, end.address),
    kind: 'peer',
    label: shownName(end.address),
    detail: `without a sensor${end.zone === '' ? '' : ` · in ${zoneLabel(end.zone)}`}`,
    status: 'present',
  });

const peerBlock = (end: PeerEnd, edge: LiftedEdge, marks: Marks): Mark => {
  const mark = marks.add({
    id: peersId(end.zone, end.address),
    kind: 'peer-group',
    label: shownName(end.address),
    status: 'present',
    opens: true,
  });
  mark.count = Math.max(mark.count, edge.addresses);
  mark.detail = `${plural(mark.count, 'address').replace(/addresss$/, 'addresses')} without a sensor`;
  return mark;
};

const present = (id: string, source: Mark, target: Mark, edge: LiftedEdge, moment: Moment): Bundle => ({
  id,
  source: source.id,
  target: target.id,
  ports: [...edge.ports],
  count: edge.count,
  connections: edge.connections,
  active: edge.lastSeenAt.getTime() > moment.at.getTime() - activeMs,
  startedAt: edge.firstSeenAt.toISOString(),
  ...(edge.bytes === undefined ? {} : { bytes: edge.bytes }),
});

const merge = (known: Bundle | undefined, more: Bundle): Bundle => {
  if (known === undefined) return more;
  const ports = [...known.ports, ...more.ports.filter((port) => !known.ports.some((other) => samePort(port, other)))];
  return {
    ...known,
    ports: ports.slice(0, 8),
    count: known.count + more.count,
    connections: known.connections + more.connections,
    active: known.active || more.active,
    ...earlier(known.startedAt, more.startedAt),
    ...(known.bytes === undefined && more.bytes === undefined ? {} : { bytes: (known.bytes ?? 0) + (more.bytes ?? 0) }),
  };
};

const samePort = (a: MapEdge['ports'][number], b: MapEdge['ports'][number]): boolean =>
  a.port === b.port && a.protocol === b.protocol;

const earlier = (a: string | undefined, b: string | undefined): { startedAt?: string } => {
  if (a === undefined) return b === undefined ? {} : { startedAt: b };
  return { startedAt: b === undefined || a < b ? a : b };
};

/** What the Internet reaches, it reaches through everything that lies around it. */
const markExposed = (mark: Mark, marks: Marks): void => {
  mark.exposed = true;
  const parent = mark.parent === undefined ? undefined : marks.get(mark.parent);
  if (parent !== undefined && !parent.exposed) markExposed(parent, marks);
};
