import { hostGroupId, hostId, shownName, zoneId } from '../node-id.ts';

/** A host as the map reads it. `containers` counts the live ones within the caller's scope. */
export type HostRow = {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly silent: boolean;
  /** The highest of its own and its containers'. */
  readonly risk: number | undefined;
  readonly ownRisk: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: number;
  readonly since: Date;
  /** False when only containers of it lie in the caller's scope: its name stays hidden. */
  readonly inScope: boolean;
};

export type HostPlan = {
  /** The node that each host is drawn in: itself, a group of hosts or its zone. */
  readonly nodeOfHost: ReadonlyMap<string, string>;
  /** Hosts drawn as outlines with their contents inside. */
  readonly opened: ReadonlySet<string>;
  /** Nodes that are shown whether or not something is connected to what was opened. */
  readonly subject: ReadonlySet<string>;
  /** Zones and host groups drawn as outlines. */
  readonly outlines: readonly {
    readonly id: string;
    readonly label: string;
    readonly hosts: readonly HostRow[];
    readonly parent: string | undefined;
  }[];
  /** The label of each group node, and what it stands for. */
  readonly groups: readonly {
    readonly id: string;
    readonly kind: 'zone' | 'host-group';
    readonly label: string;
    readonly parent: string | undefined;
    readonly hosts: readonly HostRow[];
  }[];
  /** The outline that a host drawn as itself lies in. */
  readonly parentOfHost: ReadonlyMap<string, string>;
};

export type HostRequest = {
  /** Zones, host groups: as ids. */
  readonly open: ReadonlySet<string>;
  /** Hosts to open, by asset id. */
  readonly hosts: ReadonlySet<string>;
  /** Whether anything at all was asked to be open; the fleet when not. */
  readonly any: boolean;
  /** Lift hosts that are only neighbours to their zone, because there are too many of them. */
  readonly liftNeighbours: boolean;
};

/** A fleet up to this size shows its hosts at once. */
export const showHostsUpTo = 60;
/** And up to this size, what runs on them. */
export const openHostsUpTo = 12;
/** More hosts than this in one zone are grouped by a label or by their names. */
export const groupHostsFrom = 240;

/** Decides for each host how it is drawn in the asked view. */
export const planHosts = (hosts: readonly HostRow[], request: HostRequest): HostPlan => {
  const plan = emptyPlan();
  const zones = Map.groupBy(hosts, (host) => host.zone);
  for (const [zone, members] of zones) {
    const id = zoneId(zone);
    if (zoneIsOpen(zone, members, { hosts, zones: zones.size, request })) {
      const outlined = zones.size > 1 || request.open.has(id);
      if (outlined) plan.outlines.push({ id, label: zoneLabel(zone), hosts: members, parent: undefined });
      const isSubject = !request.any || request.open.has(id);
      const parent = outlined ? id : undefined;
      placeMembers(plan, { zone, path: '', members, parent, isSubject, fleetSize: hosts.length }, request);
    } else placeClosed(plan, zone, members, request, hosts.length);
  }
  return plan;
};

export const zoneLabel = (zone: string): string => (zone === '' ? 'no zone' : shownName(zone));

type MutablePlan = {
  readonly nodeOfHost: Map<string, string>;
  readonly opened: Set<string>;
  readonly subject: Set<string>;
  readonly outlines: HostPlan['outlines'][number][];
  readonly groups: HostPlan['groups'][number][];
  readonly parentOfHost: Map<string, string>;
};

const emptyPlan = (): MutablePlan => ({
  nodeOfHost: new Map(),
  opened: new Set(),
  subject: new Set(),
  outlines: [],
  groups: [],
  parentOfHost: new Map(),
});

const zoneIsOpen = (
  zone: string,
  members: readonly HostRow[],
  fleet: { readonly hosts: readonly HostRow[]; readonly zones: number; readonly request: HostRequest },
): boolean => {
  const { request } = fleet;
  if (!request.any) return fleet.hosts.length <= showHostsUpTo || fleet.zones === 1;
  if (request.open.has(zoneId(zone))) return true;
  const prefix = hostGroupId(zone, '');
  return members.length > 0 && [...request.open].some((id) => id.startsWith(prefix));
};

type Place = {
  readonly zone: string;
  /** The groups that lead here, from the zone on. */
  readonly path: string;
  readonly members: readonly HostRow[];
  readonly parent: string | undefined;
  readonly isSubject: boolean;
  readonly fleetSize: number;
};

/** The hosts of an open zone or group: themselves, or in groups when there are too many. */
const placeMembers = (plan: MutablePlan, place: Place, request: HostRequest): void => {
  const { zone, members, parent, isSubject, fleetSize } = place;
  const groups = groupsOf(members);
  if (groups === undefined) {
    for (const host of members) placeHost(plan, host, parent, request, isSubject, fleetSize);
    return;
  }
  for (const [name, grouped] of groups) {
    const path = pathOf(place.path, name);
    const id = hostGroupId(zone, path);
    const [only] = grouped.length === 1 ? grouped : [];
    if (only !== undefined) placeHost(plan, only, parent, request, isSubject, fleetSize);
    else if (isOpenOrAbove(id, request.open)) {
      plan.outlines.push({ id, label: name, hosts: grouped, parent });
      placeMembers(plan, { ...place, path, members: grouped, parent: id, isSubject: true }, request);
    } else placeGroup(plan, { id, kind: 'host-group', label: name, parent, hosts: grouped }, request, isSubject);
  }
};

/** The groups of too many hosts; none when they are few enough, or when nothing parts them. */
const groupsOf = (members: readonly HostRow[]): ReadonlyMap<string, readonly HostRow[]> | undefined => {
  if (members.length <= groupHostsFrom) return undefined;
  const groups = groupHosts(members);
  return groups.size > 1 ? groups : undefined;
};

const pathOf = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`);

const isOpenOrAbove = (id: string, open: ReadonlySet<string>): boolean =>
  open.has(id) || [...open].some((other) => other.startsWith(`${id}/`));

/** The hosts behind the id of a group of a zone's hosts, however deep; none when there is no such group. */
export const hostsOfGroup = (zone: string, members: readonly HostRow[], id: string, above = ''): readonly HostRow[] => {
  for (const [name, grouped] of groupsOf(members) ?? []) {
    const path = pathOf(above, name);
    const group = hostGroupId(zone, path);
    if (group === id) return grouped;
    if (id.startsWith(`${group}/`)) return hostsOfGroup(zone, grouped, id, path);
  }
  return [];
};

/** The hosts of a zone that is not open: those to open, neighbours as themselves where few, else the zone. */
const placeClosed = (
  plan: MutablePlan,
  zone: string,
  members: readonly HostRow[],
  request: HostRequest,
  fleetSize: number,
): void => {
  const home = members.some((host) => request.hosts.has(host.id));
  const asHosts = request.any && !request.liftNeighbours && (home || fleetSize <= showHostsUpTo);
  if (asHosts) {
    for (const host of members) placeHost(plan, host, undefined, request, false, fleetSize);
    return;
  }
  for (const host of members) {
    if (request.hosts.has(host.id)) placeHost(plan, host, undefined, request, true, fleetSize);
  }
  const rest = members.filter((host) => !request.hosts.has(host.id));
  if (rest.length === 0) return;
  const group = { id: zoneId(zone), kind: 'zone', label: zoneLabel(zone), parent: undefined, hosts: rest } as const;
  placeGroup(plan, group, request, !request.any);
};

const placeGroup = (
  plan: MutablePlan,
  group: HostPlan['groups'][number],
  request: HostRequest,
  isSubject: boolean,
): void => {
  plan.groups.push(group);
  if (isSubject) plan.subject.add(group.id);
  for (const host of group.hosts) {
    if (request.hosts.has(host.id)) placeHost(plan, host, group.parent, request, true, 0);
    else plan.nodeOfHost.set(host.id, group.id);
  }
};

const placeHost = (
  plan: MutablePlan,
  host: HostRow,
  parent: string | undefined,
  request: HostRequest,
  isSubject: boolean,
  fleetSize: number,
): void => {
  const id = hostId(host.id);
  plan.nodeOfHost.set(host.id, id);
  if (parent !== undefined) plan.parentOfHost.set(host.id, parent);
  const opened = request.hosts.has(host.id) || (!request.any && fleetSize <= openHostsUpTo);
  if (opened) plan.opened.add(host.id);
  if (isSubject || opened) plan.subject.add(id);
};

/** Labels that people group hosts by, before any other. */
const likelyLabels = ['role', 'group', 'app', 'service', 'cluster', 'team', 'owner', 'env'];
const maxGroups = 80;

/** Groups hosts by the label that parts them best, else by their names without numbers, else by first letters. */
export const groupHosts = (hosts: readonly HostRow[]): ReadonlyMap<string, readonly HostRow[]> => {
  const label = bestLabel(hosts);
  const byLabel =
    label === undefined ? undefined : groupBy(hosts, (host) => `${label}=${host.labels[label] ?? '(none)'}`);
  if (byLabel !== undefined) return byLabel;
  const byStem = groupBy(hosts, (host) => `${stemOf(host.name)}*`);
  if (byStem.size >= 2 && byStem.size <= maxGroups) return byStem;
  return groupBy(hosts, (host) => `${shownName(host.name).slice(0, 1).toLowerCase()}…`);
};

const bestLabel = (hosts: readonly HostRow[]): string | undefined => {
  const values = new Map<string, { covered: number; readonly distinct: Set<string> }>();
  for (const host of hosts) {
    for (const [key, value] of Object.entries(host.labels)) {
      const entry = values.get(key) ?? { covered: 0, distinct: new Set<string>() };
      entry.covered += 1;
      if (entry.distinct.size <= maxGroups) entry.distinct.add(value);
      values.set(key, entry);
    }
  }
  const fits = (key: string): boolean => {
    const entry = values.get(key);
    if (entry === undefined || entry.covered < hosts.length * 0.8) return false;
    return entry.distinct.size >= 2 && entry.distinct.size <= Math.min(maxGroups, hosts.length / 3);
  };
  return likelyLabels.find(fits) ?? [...values.keys()].filter(fits).sort()[0];
};

const stemOf = (name: string): string => shownName(name).replace(/[-_.]?\d[\da-f.-]*$/i, '');

const groupBy = (
  hosts: readonly HostRow[],
  name: (host: HostRow) => string,
): ReadonlyMap<string, readonly HostRow[]> => {
  const groups = Map.groupBy(hosts, name);
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
};
