import { containerId, hostId, processId, programOf, serviceId, shownName } from '../node-id.ts';
import type { Mark, Marks } from './marks.ts';
import { type ContainerRow, planContents } from './plan-contents.ts';
import type { HostPlan, HostRow } from './plan-hosts.ts';
import type { ListenerRow, ProcessRow } from './read-assets.ts';

/** Adds the zones, groups and hosts of a plan. */
export const placeHosts = (marks: Marks, plan: HostPlan, hosts: readonly HostRow[]): void => {
  for (const outline of plan.outlines) {
    const kind = outline.id.startsWith('zone:') ? 'zone' : 'host-group';
    addGroup(marks, { ...outline, kind, subject: true, outline: true });
  }
  for (const group of plan.groups) {
    addGroup(marks, { ...group, subject: plan.subject.has(group.id), outline: false });
  }
  for (const host of hosts) {
    const id = hostId(host.id);
    if (plan.nodeOfHost.get(host.id) !== id) continue;
    marks.add({
      id,
      kind: 'host',
      label: host.inScope ? shownName(host.name) : 'Host outside your scope',
      count: 1 + host.containers,
      hosts: 1,
      containers: host.containers,
      status: host.silent ? 'unknown' : 'running',
      opens: true,
      outline: plan.opened.has(host.id),
      subject: plan.subject.has(id),
      since: host.since,
      ...optional('risk', plan.opened.has(host.id) ? host.ownRisk : host.risk),
      ...optional('parent', plan.parentOfHost.get(host.id)),
      ...(host.inScope ? { assetId: host.id } : {}),
    });
  }
};

/** Adds what runs in the open hosts; returns the node of each container that is drawn apart from its host. */
export const placeContainers = (
  marks: Marks,
  containers: readonly ContainerRow[],
  open: ReadonlySet<string>,
  cap: number,
): ReadonlyMap<string, number> => {
  const indexOf = new Map<string, number>();
  for (const [host, rows] of Map.groupBy(containers, (row) => row.hostId)) {
    for (const group of planContents(host, rows, open, cap)) {
      const [first] = group.members;
      const mark = marks.add({
        id: group.id,
        kind: group.kind,
        label: group.label,
        parent: group.parent,
        count: group.members.length,
        containers: group.members.length,
        status: group.members.every((row) => row.silent) ? 'unknown' : 'running',
        opens: group.kind === 'container' || !group.id.endsWith('|rest'),
        outline: group.outline || open.has(group.id),
        subject: true,
        ...optional('risk', worstRisk(group.members)),
        ...optional('since', newest(group.members)),
        ...optional('sample', first?.id),
        ...(group.kind === 'container' && first !== undefined ? { assetId: first.id } : {}),
        ...(group.members.some((row) => row.privileged) ? { detail: 'privileged' } : {}),
      });
      for (const row of group.members) {
        if (!group.outline) indexOf.set(row.id, mark.index);
      }
    }
  }
  return indexOf;
};

/** Finds the mark of a program in an open host, service or container, adding it where it is new. */
export type ProgramMarks = {
  /** A program that is not known is the one that listens on the port, where a port is given. */
  readonly markOf: (owner: Mark, program: string, port?: number) => Mark;
  /** The mark of a program that has one already. */
  readonly known: (owner: Mark, program: string) => Mark | undefined;
};

/**
 * Programs of open hosts become services; those of an open container or service their processes. `cap` bounds the services of
 * each host, since a workload can run any number of programs.
 */
export const createProgramMarks = (
  marks: Marks,
  seen: {
    readonly processes: readonly ProcessRow[];
    readonly listeners: readonly ListenerRow[];
    readonly open: ReadonlySet<string>;
    readonly cap: number;
  },
): ProgramMarks => {
  const { processes, open, cap } = seen;
  const services = new Map<string, number>();
  const listening = new Map(seen.listeners.map((row) => [`${row.owner}/${row.port}`, programOf(row.executable)]));
  const byProgram = Map.groupBy(processes, (row) => `${row.owner}/${programOf(row.executable)}`);
  const service = (owner: Mark, ownerId: string, program: string): Mark => {
    const id = serviceId(ownerId, program);
    const known = marks.get(id);
    if (known !== undefined) return known;
    const made = services.get(ownerId) ?? 0;
    services.set(ownerId, made + 1);
    const name = made < cap ? program : otherPrograms;
    const label = name === '' ? 'unknown program' : shownName(name);
    return marks.add({
      id: serviceId(ownerId, name),
      kind: 'service',
      label,
      parent: owner.id,
      status: owner.status,
      opens: name !== '' && name !== otherPrograms,
      outline: open.has(serviceId(ownerId, name)),
      subject: owner.subject,
    });
  };
  return {
    known: (owner, program) => marks.get(serviceId(owner.id.slice(owner.id.indexOf(':') + 1), program)),
    markOf: (owner, reported, port) => {
      const ownerId = owner.id.slice(owner.id.indexOf(':') + 1);
      const program = reported === '' ? (listening.get(`${ownerId}/${port}`) ?? '') : reported;
      if (owner.kind === 'container')
        return firstProcess(marks, owner, byProgram.get(`${ownerId}/${program}`)) ?? service(owner, ownerId, program);
      const found = service(owner, ownerId, program);
      return found.outline ? (firstProcess(marks, found, byProgram.get(`${ownerId}/${program}`)) ?? found) : found;
    },
  };
};

/** Adds the processes of open containers and services inside their outlines. */
export const placeProcesses = (marks: Marks, processes: readonly ProcessRow[], open: ReadonlySet<string>): void => {
  for (const row of processes) {
    const service = serviceId(row.owner, programOf(row.executable));
    const container = marks.get(containerId(row.owner));
    if (container !== undefined) addProcess(marks, container, row);
    else if (open.has(service)) {
      const host = marks.get(hostId(row.owner));
      if (host === undefined) continue;
      const label = shownName(programOf(row.executable));
      addProcess(
        marks,
        marks.add({ id: service, kind: 'service', label, parent: host.id, opens: true, outline: true, subject: true }),
        row,
      );
    }
  }
};

const otherPrograms = '~other programs';

const firstProcess = (marks: Marks, owner: Mark, rows: readonly ProcessRow[] | undefined): Mark | undefined => {
  const [first] = rows ?? [];
  return first === undefined ? undefined : addProcess(marks, owner, first);
};

const addProcess = (marks: Marks, owner: Mark, row: ProcessRow): Mark =>
  marks.add({
    id: processId(row.hostId, row.key),
    kind: 'process',
    label: shownName(row.name),
    detail: `pid ${row.pid}`,
    parent: owner.id,
    status: owner.status,
    subject: true,
    since: row.since,
  });

const addGroup = (
  marks: Marks,
  group: {
    readonly id: string;
    readonly kind: 'zone' | 'host-group';
    readonly label: string;
    readonly parent: string | undefined;
    readonly hosts: readonly HostRow[];
    readonly subject: boolean;
    readonly outline: boolean;
  },
): void => {
  const containers = group.hosts.reduce((sum, host) => sum + host.containers, 0);
  const risks = group.hosts.flatMap((host) => (host.risk === undefined ? [] : [host.risk]));
  marks.add({
    id: group.id,
    kind: group.kind,
    label: shownName(group.label),
    count: group.hosts.length + containers,
    hosts: group.hosts.length,
    containers,
    detail: hostsAndContainers(group.hosts.length, containers),
    status: group.hosts.every((host) => host.silent) ? 'unknown' : 'running',
    opens: true,
    outline: group.outline,
    subject: group.subject,
    ...optional('parent', group.parent),
    ...(risks.length === 0 ? {} : { risk: Math.max(...risks) }),
  });
};

const hostsAndContainers = (hosts: number, containers: number): string =>
  `${plural(hosts, 'host')}${containers === 0 ? '' : ` · ${plural(containers, 'container')}`}`;

export const plural = (count: number, word: string): string =>
  `${counts.format(count)} ${word}${count === 1 ? '' : 's'}`;
/** Made once: each number that is shown would make it anew. */
const counts = new Intl.NumberFormat('en');

const newest = (rows: readonly ContainerRow[]): Date | undefined =>
  rows.reduce<Date | undefined>((last, row) => (last === undefined || row.since > last ? row.since : last), undefined);

const worstRisk = (rows: readonly ContainerRow[]): number | undefined =>
  rows.reduce<number | undefined>(
    (worst, row) => (row.risk === undefined ? worst : Math.max(worst ?? 0, row.risk)),
    undefined,
  );

const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]: V } | Record<never, never> =>
  value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
