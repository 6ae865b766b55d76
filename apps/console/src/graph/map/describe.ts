import { hostId, programOf, shownName } from '../node-id.ts';
import type { Bundles } from './bundles.ts';
import type { Mark, Marks } from './marks.ts';
import { type ProgramMarks, plural } from './place-marks.ts';
import type { ListenerRow } from './read-assets.ts';

const maxPorts = 8;

/** Adds listening ports, the line of detail and the risk of edges, once all nodes are known. */
export const describeMarks = (
  marks: Marks,
  bundles: Bundles,
  listeners: readonly ListenerRow[],
  /** In a view of a set of assets a program that only listens is no part of the set. */
  context: Context,
): void => {
  const samples = new Map(
    marks.all().flatMap((mark) => (mark.sample === undefined ? [] : [[mark.sample, mark] as const])),
  );
  for (const listener of listeners) {
    const mark = ownerOf(marks, listener, context) ?? samples.get(listener.owner);
    if (mark !== undefined) addPort(mark, listener);
  }
  const facing = facingPorts(bundles);
  for (const mark of marks.all()) mark.detail ??= detailOf(mark, facing.get(mark.id));
  for (const mark of marks.all()) if (mark.detail === undefined) delete mark.detail;
  addEdgeRisks(marks, bundles);
};

type Context = { readonly programs: ProgramMarks; readonly addsPrograms: boolean };

const ownerOf = (marks: Marks, listener: ListenerRow, context: Context): Mark | undefined => {
  const mark = marks.get(hostId(listener.owner)) ?? marks.get(`container:${listener.owner}`);
  if (mark === undefined || !mark.outline) return mark;
  const program = programOf(listener.executable);
  return context.addsPrograms ? context.programs.markOf(mark, program) : context.programs.known(mark, program);
};

const addPort = (mark: Mark, listener: ListenerRow): void => {
  const { protocol, port } = listener;
  if (mark.ports.length >= maxPorts || mark.ports.some((open) => open.port === port && open.protocol === protocol))
    return;
  const program = programOf(listener.executable);
  mark.ports = [...mark.ports, { protocol, port, ...(program === '' ? {} : { process: shownName(program) }) }];
};

/** For each node the ports that the Internet was seen to use. */
const facingPorts = (bundles: Bundles): ReadonlyMap<string, readonly number[]> =>
  new Map(
    bundles.list.flatMap((edge) =>
      edge.source === 'internet' ? [[edge.target, edge.ports.map((port) => port.port)] as const] : [],
    ),
  );

const detailOf = (mark: Mark, facing: readonly number[] | undefined): string | undefined => {
  const shown = mark.ports.find((port) => facing?.includes(port.port)) ?? mark.ports[0];
  switch (mark.kind) {
    case 'host': {
      if (shown !== undefined && facing !== undefined) return `${shown.process ?? ''} :${shown.port}`.trim();
      if (mark.containers > 0) return plural(mark.containers, 'container');
      return shown === undefined ? undefined : `${shown.process ?? ''} :${shown.port}`.trim();
    }
    case 'container':
    case 'container-group':
    case 'service':
    case 'process':
      return shown === undefined ? undefined : `:${shown.port}`;
    default:
      return undefined;
  }
};

/** An edge is as bad as what it leads to, where the Internet was seen to reach its source, however many hops away. */
const addEdgeRisks = (marks: Marks, bundles: Bundles): void => {
  const reached = reachedFromInternet(bundles);
  for (const edge of bundles.list) {
    const risk = riskOf(marks, edge.target);
    if (risk !== undefined && reached.has(edge.source)) edge.risk = risk;
  }
};

/** A program's is that of the host or container it runs in. */
const riskOf = (marks: Marks, id: string): number | undefined => {
  const mark = marks.get(id);
  if (mark?.risk !== undefined || (mark?.kind !== 'service' && mark?.kind !== 'process')) return mark?.risk;
  return mark.parent === undefined ? undefined : riskOf(marks, mark.parent);
};

const reachedFromInternet = (bundles: Bundles): ReadonlySet<string> => {
  const targets = Map.groupBy(bundles.list, (edge) => edge.source);
  const reached = new Set(['internet']);
  for (const id of reached) {
    for (const edge of targets.get(id) ?? []) reached.add(edge.target);
  }
  return reached;
};
