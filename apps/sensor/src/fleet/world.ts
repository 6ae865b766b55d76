import {
  type HostRole,
  type HostSystem,
  type Service,
  type Site,
  services,
  siteRoles,
  sites,
  systems,
} from './catalogue.ts';
import { createRandom, hexOf } from './random.ts';

/** One replica of a service: a container on a host. Its number is its place among all of the world. */
export type Slot = {
  readonly id: number;
  readonly service: Service;
  readonly host: number;
  readonly hostAddress: string;
  /** On the host's container network. */
  readonly address: string;
  /** Where the host lets others in to it. */
  readonly hostPort: number | undefined;
  /** How many replicas of its service came before it at its site. */
  readonly rank: number;
};

/** Who talks to whom, whatever container stands for them at the moment. */
export type Link = {
  readonly id: number;
  readonly from: Slot;
  readonly to: Slot;
  readonly connectionsPerMinute: number;
};

export type HostPlan = {
  readonly index: number;
  readonly name: string;
  readonly role: HostRole;
  readonly site: Site;
  readonly address: string;
  readonly system: HostSystem;
  readonly kernel: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly bootId: string;
  readonly machineId: string;
  readonly slots: readonly Slot[];
  /** Links that begin or end here. */
  readonly links: readonly Link[];
};

/** The whole invented company. The same seed and number of hosts make the same one. */
export type World = { readonly seed: string; readonly hosts: readonly HostPlan[] };

const hostsOfSite = siteRoles.length;

export const planWorld = (seed: string, hostCount: number): World => {
  const hosts: HostPlan[] = [];
  const next = { slot: 0, link: 0 };
  for (let first = 0; first < hostCount; first += hostsOfSite) {
    hosts.push(...planSite(seed, first, Math.min(hostsOfSite, hostCount - first), next));
  }
  return { seed, hosts };
};

type Numbers = { slot: number; link: number };

const planSite = (seed: string, first: number, count: number, next: Numbers): readonly HostPlan[] => {
  const number = first / hostsOfSite;
  const random = createRandom(seed, 'site', number);
  const site = siteOf(number);
  const roles = siteRoles.slice(0, count);
  const slots = placeServices(first, roles, next);
  const links = slots.flatMap((from) =>
    from.service.calls.flatMap((callee) => {
      const targets = slots.filter((slot) => slot.service.name === callee && slot.hostPort !== undefined);
      const everyOne = callee === 'node-exporter';
      const wanted = everyOne ? targets : choose(targets, 2, random);
      return wanted.map((to): Link => {
        next.link += 1;
        return { id: next.link, from, to, connectionsPerMinute: Math.round(random.between(1, 90)) };
      });
    }),
  );
  return roles.map((role, at): HostPlan => {
    const index = first + at;
    const system = random.pick(systems);
    return {
      index,
      role,
      site,
      name: `${role}-${String(at + 1).padStart(2, '0')}.${site.zone}.shop.example`,
      address: addressOf(index),
      system,
      kernel: random.pick(system.kernels),
      cpus: random.pick([4, 8, 16]),
      memoryBytes: random.pick([16, 32, 64]) * 2 ** 30,
      bootId: uuidOf(seed, 'boot', index),
      machineId: hexOf(32, seed, 'machine', index),
      slots: slots.filter((slot) => slot.host === index),
      links: links.filter((link) => link.from.host === index || link.to.host === index),
    };
  });
};

/** Each site has a network of its own. */
const addressOf = (host: number): string => {
  const site = Math.floor(host / hostsOfSite);
  return `10.${site & 255}.${site >> 8}.${(host % hostsOfSite) + 10}`;
};

const siteOf = (number: number): Site => {
  const site = sites[number % sites.length];
  if (site === undefined) throw new Error('There are no sites.');
  const round = Math.floor(number / sites.length);
  return round === 0 ? site : { ...site, zone: `${site.zone}-${round + 1}` };
};

/** Replicas go to the hosts of their role in turn; a site too small to have such a host does without the service. */
const placeServices = (first: number, roles: readonly HostRole[], next: Numbers): readonly Slot[] => {
  const slots: Slot[] = [];
  const containersOn = new Map<number, number>();
  for (const [serviceNumber, service] of services.entries()) {
    const fitting = roles.flatMap((role, at) =>
      (service.role === 'every' ? role !== 'bastion' : role === service.role) ? [first + at] : [],
    );
    if (fitting.length === 0) continue;
    const replicas = Math.max(1, Math.round(service.share * fitting.length));
    for (let rank = 0; rank < replicas; rank += 1) {
      // Each service begins at another host, so that none gets the first replica of all.
      const host = fitting[(rank + serviceNumber) % fitting.length] ?? first;
      const onHost = containersOn.get(host) ?? 0;
      containersOn.set(host, onHost + 1);
      next.slot += 1;
      const plain = service.role === 'every' || service.name === 'nginx';
      slots.push({
        id: next.slot,
        service,
        host,
        hostAddress: addressOf(host),
        rank,
        address: `172.18.0.${onHost + 2}`,
        hostPort: service.published ? (plain ? service.port : 20_000 + serviceNumber * 20 + rank) : undefined,
      });
    }
  }
  return slots;
};

const choose = (targets: readonly Slot[], most: number, random: ReturnType<typeof createRandom>): readonly Slot[] => {
  const left = [...targets];
  const chosen: Slot[] = [];
  while (left.length > 0 && chosen.length < most) chosen.push(...left.splice(random.int(left.length), 1));
  return chosen;
};

const uuidOf = (...words: readonly (string | number)[]): string => {
  const hex = hexOf(32, ...words);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
};
