import type { EdgeRecord } from '@parapet/contract/wire';
import { createRandom, type Random } from './random.ts';
import { edgeRecordOf } from './records.ts';
import type { HostPlan, Link, Slot } from './world.ts';

/** All edges of a container: those of its links at both ends, and those to the Internet. */
export const edgesOf = (
  slot: Slot,
  host: HostPlan,
  key: string,
  processKey: string,
  atMs: number,
): readonly EdgeRecord[] => {
  const { service } = slot;
  const common = { containerKey: key, processKey, executable: service.program, startedAtMs: atMs };
  const out = host.links.filter((link) => link.from === slot).map((link) => edgeOut(link, common));
  const into = host.links.filter((link) => link.to === slot).map((link) => edgeIn(link, common));
  return [...out, ...into, ...internetEdges(slot, common)];
};

type EdgeCommon = {
  readonly containerKey: string;
  readonly processKey: string;
  readonly executable: string;
  readonly startedAtMs: number;
};

/** The caller knows the address and port it asked for; on the same host the sensor knows the container behind. */
const edgeOut = (link: Link, common: EdgeCommon): EdgeRecord => {
  const { from, to } = link;
  const near = from.host === to.host;
  const address = near ? to.address : to.hostAddress;
  const port = near ? to.service.port : (to.hostPort ?? to.service.port);
  return edgeRecordOf({
    ...common,
    key: `${common.containerKey}|out|tcp|${address}|${port}`,
    direction: 'out',
    peer: { kind: 'address', address },
    serverPort: port,
  });
};

/** The serving host sees the caller's host, whose address stands for the container there. */
const edgeIn = (link: Link, common: EdgeCommon): EdgeRecord => {
  const { from, to } = link;
  const near = from.host === to.host;
  const address = near ? from.address : from.hostAddress;
  return edgeRecordOf({
    ...common,
    key: `${common.containerKey}|in|tcp|${address}|${to.service.port}|${near ? from.id : ''}`,
    direction: 'in',
    peer: { kind: 'address', address },
    serverPort: to.service.port,
    ...(near || to.hostPort === undefined ? {} : { publishedPort: to.hostPort }),
  });
};

const internetEdges = (slot: Slot, common: EdgeCommon): readonly EdgeRecord[] => {
  const { internet } = slot.service;
  if (internet === undefined) return [];
  const random = createRandom('internet', slot.id);
  const addresses = Array.from({ length: 5 }, () => publicAddress(random));
  const port = internet === 'in' ? slot.service.port : 443;
  return [
    edgeRecordOf({
      ...common,
      key: `${common.containerKey}|${internet}|tcp|internet|${port}`,
      direction: internet,
      peer: { kind: 'internet', addresses, addressCount: internet === 'in' ? 40 + random.int(400) : addresses.length },
      serverPort: port,
      ...(internet === 'in' && slot.hostPort !== undefined ? { publishedPort: slot.hostPort } : {}),
    }),
  ];
};

/** Globally reachable ones that nobody in particular is meant by. */
const publicAddress = (random: Random): string =>
  `${random.pick([23, 34, 52, 64, 81, 104, 151, 185])}.${1 + random.int(250)}.${random.int(256)}.${1 + random.int(250)}`;

/** Edges of the host's own programs. */
export const hostEdges = (host: HostPlan, atMs: number): readonly EdgeRecord[] => {
  const resolver = host.address.replace(/\d+$/, '2');
  return [
    edgeRecordOf({
      key: `host|out|udp|${resolver}|53`,
      executable: '/usr/lib/systemd/systemd-resolved',
      direction: 'out',
      protocol: 'udp',
      peer: { kind: 'address', address: resolver },
      serverPort: 53,
      startedAtMs: atMs,
    }),
    edgeRecordOf({
      key: 'host|out|tcp|internet|443',
      executable: host.role === 'bastion' ? '/usr/bin/apt' : '/usr/bin/dockerd',
      direction: 'out',
      peer: { kind: 'internet', addresses: [publicAddress(createRandom('mirror', host.index))], addressCount: 3 },
      serverPort: 443,
      startedAtMs: atMs,
    }),
  ];
};
