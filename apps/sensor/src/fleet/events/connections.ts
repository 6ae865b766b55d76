import type { EdgeRecord } from '@parapet/contract/wire';
import type { HostPlan } from '../world.ts';
import { type Connection, describeConnection, describeProgram, type Program } from './program.ts';
import type { Scene, Stage } from './stage.ts';

/** A connection on one of the host's edges, from its begin to its end; sometimes its name is asked for before. */
export const playConnection: Scene = (stage, atMs) => {
  const { random, live, host } = stage;
  const edges = [...live.values()].filter(
    (record): record is EdgeRecord => record.kind === 'edge' && record.protocol === 'tcp',
  );
  if (edges.length === 0) return;
  const edge = random.pick(edges);
  const program = ownerOf(stage, edge);
  const peer = addressOf(stage, edge);
  if (program === undefined || peer === undefined) return;
  const own = program.container?.networks[0]?.address ?? host.address;
  const isServer = edge.direction === 'in';
  const port = 32_768 + random.int(28_000);
  const connection: Connection = isServer
    ? { isServer, from: { address: peer, port }, to: { address: own, port: edge.serverPort } }
    : { isServer, from: { address: own, port }, to: { address: peer, port: edge.serverPort } };
  const name = isServer || !random.chance(0.4) ? undefined : nameOfPeer(host, edge, program);
  if (name !== undefined) askForName(stage, atMs, program, name, peer);
  connect(stage, atMs + 2 + random.int(4), program, connection, Math.round(random.between(4, 4000)));
};

/** Both ends of a connection's life, and what it carried. */
export const connect = (
  stage: Stage,
  atMs: number,
  program: Program,
  connection: Connection,
  lastsMs: number,
): void => {
  const { random, tell, atUs } = stage;
  stage.at(atMs, () =>
    tell(describeConnection(connection.isServer ? 'accept' : 'connect', atUs(atMs), program, connection)),
  );
  stage.at(atMs + lastsMs, (now) =>
    tell({
      ...describeConnection('flow', atUs(now), program, connection),
      'source.bytes': 200 + random.int(6000),
      'destination.bytes': 300 + random.int(40_000),
      'event.duration': lastsMs * 1_000_000,
    }),
  );
};

/** Asks the resolver of its container or host, which knows the name. */
export const askForName = (stage: Stage, atMs: number, program: Program, name: string, answer: string): void =>
  stage.tell({
    ...describeProgram('dns-query', stage.atUs(atMs), program),
    ...{ 'network.transport': 'udp', 'network.direction': 'egress' },
    'source.ip': '127.0.0.1',
    'source.port': 32_768 + stage.random.int(28_000),
    'destination.ip': program.container === undefined ? '127.0.0.53' : '127.0.0.11',
    'destination.port': 53,
    'dns.question.name': name,
    'dns.question.type': 'A',
    'dns.response_code': 'NOERROR',
    'dns.resolved_ip': [answer],
  });

const ownerOf = (stage: Stage, edge: EdgeRecord): Program | undefined =>
  edge.processKey === undefined ? stage.daemon(edge.executable ?? '') : stage.knownProgram(edge.processKey);

const addressOf = ({ random }: Stage, { peer }: EdgeRecord): string | undefined => {
  switch (peer.kind) {
    case 'address':
      return peer.address;
    case 'internet':
      return peer.addresses.length === 0 ? undefined : random.pick(peer.addresses);
    case 'local':
      return undefined;
  }
};

/** Names below `.example` belong to nobody. */
const outside: Readonly<Record<string, string>> = {
  payments: 'api.payments.example',
  shipping: 'rates.carrier.example',
  notify: 'mail.sender.example',
  reports: 'storage.cloud.example',
  'ci-runner': 'git.hosting.example',
};

const nameOfPeer = (host: HostPlan, { peer, serverPort }: EdgeRecord, program: Program): string | undefined => {
  const service = program.container?.labels['com.shop.service'];
  if (peer.kind === 'internet') return service === undefined ? 'mirror.packages.example' : outside[service];
  if (peer.kind === 'local') return undefined;
  for (const { from, to } of host.links) {
    const isNear = from.host === to.host;
    const address = isNear ? to.address : to.hostAddress;
    if (
      from.service.name === service &&
      address === peer.address &&
      serverPort === (isNear ? to.service.port : to.hostPort)
    )
      return isNear ? to.service.name : `${to.service.name}.${host.site.zone}.shop.example`;
  }
  return undefined;
};
