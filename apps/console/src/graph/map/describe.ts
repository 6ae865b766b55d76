import { hostId, programOf, shownName } from '../node-id.ts';
import type { Bundles } from './bundles.ts';
import type { Mark, Marks } from './marks.ts';
import { type ProgramMarks, plural } from './place-marks.ts';
import type { ListenerRow, ProcessRow } from './read-assets.ts';

const maxPorts = 8;

/** Adds listening ports, the line of detail and the risk of edges, once all nodes are known. */
export const describeMarks = (
  marks: Marks,
  bundles: Bundles,
  listeners: readonly ListenerRow[],
  context: { readonly programs: ProgramMarks; readonly processes: readonly ProcessRow[] },
): void => {
  for (const listener of listeners) {
    const mark = ownerOf(marks, listener, context.programs);
    if (mark !== undefined) addPort(mark, listener);
  }
  const facing = facingPorts(bundles);
  for (const mark of marks.all()) mark.detail ??= detailOf(mark, facing.get(mark.id));
  for (const mark of marks.all()) if (mark.detail === undefined) delete mark.detail;
  addEdgeRisks(marks, bundles);
};

const ownerOf = (marks: Marks, listener: ListenerRow, programs: ProgramMarks): Mark | undefined => {
  const mark = marks.get(hostId(listener.owner)) ?? marks.get(`container:${listener.owner}`);
  if (mark === undefined || !mark.outline) return mark;
  return programs.markOf(mark, programOf(listener.executable));
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

/** An edge is as bad as what it leads to, where it starts at something that the Internet reaches. */
const addEdgeRisks = (marks: Marks, bundles: Bundles): void => {
  for (const edge of bundles.list) {
    const source = marks.get(edge.source);
    const risk = marks.get(edge.target)?.risk;
    if (risk !== undefined && (source?.kind === 'internet' || source?.exposed === true)) edge.risk = risk;
  }
};
