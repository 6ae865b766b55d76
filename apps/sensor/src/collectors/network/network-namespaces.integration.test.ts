import type { EdgeRecord, InventoryRecord, ListenerRecord } from '@parapet/contract/wire';
import { describeWith, eventually, programOf, root } from '@parapet/testkit';
import { expect, it } from 'vitest';
import { createNetworkLab, type LabSensor, labContainerId, type NetworkLab } from './testing/network-lab.ts';

const isEdge = (record: InventoryRecord): record is EdgeRecord => record.kind === 'edge';
const isListener = (record: InventoryRecord): record is ListenerRecord => record.kind === 'listener';

const edge = (sensor: LabSensor, what: string, where: (edge: EdgeRecord) => boolean): Promise<EdgeRecord> =>
  eventually(what, async () => (await sensor.records()).filter(isEdge).find(where));

const network = (address: string) => [{ name: 'lab', address, prefixLength: 24 }];

/** Machine `a` with a bridge and a workload behind it, as a container runtime would make it; machine `b` beside it. */
const bridgedLab = async (lab: NetworkLab) => {
  const a = await lab.namespace('a');
  const b = await lab.namespace('b');
  const w = await lab.namespace('w');
  await lab.cable(
    { at: a, device: 'eth0', addresses: ['10.9.0.1/24', 'fd09::1/64'] },
    { at: b, device: 'eth0', addresses: ['10.9.0.2/24', 'fd09::2/64'] },
  );
  await a.ip('link', 'add', 'br0', 'type', 'bridge');
  await a.ip('address', 'add', '172.30.0.1/24', 'dev', 'br0');
  await a.ip('link', 'set', 'br0', 'up');
  await lab.cable({ at: a, device: 'port0', addresses: [] }, { at: w, device: 'eth0', addresses: ['172.30.0.2/24'] });
  await a.ip('link', 'set', 'port0', 'master', 'br0');
  await w.ip('route', 'add', 'default', 'via', '172.30.0.1');
  return { a, b, w };
};

const natRules = `
table ip nat {
  chain pre { type nat hook prerouting priority -100; tcp dport 8080 dnat to 172.30.0.2:80; }
  chain post { type nat hook postrouting priority 100; ip saddr 172.30.0.0/24 oif "eth0" masquerade; }
}
`;

/** Networks that others on this machine make are seen as well. */
const isWith = ({ peer }: EdgeRecord, network: string): boolean =>
  peer.kind === 'address' && peer.address.startsWith(network);

const masqueradeRules = `
table ip nat {
  chain post { type nat hook postrouting priority 100; oif "eth0" masquerade; }
}
`;

const trackingRules = `
table inet track {
  chain in { type filter hook input priority 0; ct state invalid counter; }
}
`;

describeWith([root, programOf('ip'), programOf('nft')], 'network collector in network namespaces', () => {
  it('undoes DNAT into and masquerade out of a bridged workload, seen from both machines', async () => {
    await using lab = await createNetworkLab();
    const { a, b, w } = await bridgedLab(lab);
    await a.nft(natRules);
    const id = labContainerId();
    const server = await w.serve({ protocol: 'tcp', address: '0.0.0.0', port: 80, containers: [id] });
    await b.serve({ protocol: 'tcp', address: '0.0.0.0', port: 9000 });
    const sensorA = await a.sensor([{ id, pid: server.pid, networks: network('172.30.0.2') }]);
    const sensorB = await b.sensor();
    await b.talk({ protocol: 'tcp', address: '10.9.0.1', port: 8080 });
    await w.talk({ protocol: 'tcp', address: '10.9.0.2', port: 9000, containers: [id] });

    const isOwn = (one: EdgeRecord): boolean => one.containerKey === `docker:${id}`;
    const inbound = await edge(sensorA, 'an edge into the workload', (one) => isOwn(one) && one.direction === 'in');
    expect(inbound).toMatchObject({
      containerKey: `docker:${id}`,
      executable: process.execPath,
      serverPort: 80,
      publishedPort: 8080,
      connections: 1,
      peer: { kind: 'address', address: '10.9.0.2' },
    });
    // A look may come between the handshake and the answer; the bytes then follow with the end.
    await edge(sensorA, 'the bytes of the answer', (one) => one.key === inbound.key && (one.bytesSent ?? 0) >= 5);
    const out = await edge(sensorA, 'an edge out of the workload', (one) => isOwn(one) && one.direction === 'out');
    expect(out).toMatchObject({
      containerKey: `docker:${id}`,
      serverPort: 9000,
      peer: { kind: 'address', address: '10.9.0.2' },
    });
    // The other machine only sees the machine in front. (All share one table of processes here, so it sees containers, too.)
    const isHosts = (one: EdgeRecord): boolean => one.containerKey === undefined && isWith(one, '10.9.0.');
    const seenByB = await edge(sensorB, 'an edge into b', (one) => isHosts(one) && one.direction === 'in');
    expect(seenByB).toMatchObject({ serverPort: 9000, peer: { kind: 'address', address: '10.9.0.1' } });
    const outOfB = await edge(sensorB, 'an edge out of b', (one) => isHosts(one) && one.direction === 'out');
    expect(outOfB).toMatchObject({ serverPort: 8080, peer: { kind: 'address', address: '10.9.0.1' } });
  });

  it('keeps two machines apart that use the same addresses', async () => {
    await using lab = await createNetworkLab();
    const sensors: LabSensor[] = [];
    for (const zone of ['x', 'y']) {
      const machine = await lab.namespace(`${zone}1`);
      const other = await lab.namespace(`${zone}2`);
      await lab.cable(
        { at: machine, device: 'eth0', addresses: ['10.0.0.1/24'] },
        { at: other, device: 'eth0', addresses: ['10.0.0.2/24'] },
      );
      await machine.serve({ protocol: 'tcp', address: '10.0.0.1', port: zone === 'x' ? 7001 : 7002 });
      sensors.push(await machine.sensor());
      await other.talk({ protocol: 'tcp', address: '10.0.0.1', port: zone === 'x' ? 7001 : 7002, holdMs: 60_000 });
    }
    for (const [index, sensor] of sensors.entries()) {
      const isHosts = (one: EdgeRecord): boolean => one.containerKey === undefined && isWith(one, '10.0.0.');
      const inbound = await edge(sensor, 'its own edge', (one) => isHosts(one) && one.direction === 'in');
      expect(inbound).toMatchObject({ serverPort: 7001 + index, peer: { kind: 'address', address: '10.0.0.2' } });
      const records = await sensor.records();
      expect(records.filter(isEdge).filter(isHosts)).toHaveLength(1);
      const listeners = records.filter(isListener).filter(({ address }) => address.startsWith('10.0.0.'));
      expect(listeners.map((one) => [one.address, one.port])).toEqual([['10.0.0.1', 7001 + index]]);
    }
  });

  it('sees IPv6, IPv4 on IPv6 sockets, UDP, and connections over before anyone looks', async () => {
    await using lab = await createNetworkLab();
    const a = await lab.namespace('a');
    const b = await lab.namespace('b');
    await lab.cable(
      { at: a, device: 'eth0', addresses: ['10.9.0.1/24', 'fd09::1/64'] },
      { at: b, device: 'eth0', addresses: ['10.9.0.2/24', 'fd09::2/64'] },
    );
    // Some rule must ask for it, or the kernel tracks nothing.
    await a.nft(trackingRules);
    await a.serve({ protocol: 'tcp', address: '::', port: 6001 });
    await a.serve({ protocol: 'udp', address: '::', port: 6002 });
    const sensor = await a.sensor();
    for (let time = 0; time < 5; time += 1) {
      await b.talk({ protocol: 'tcp', address: 'fd09::1', port: 6001 });
      await b.talk({ protocol: 'tcp', address: '10.9.0.1', port: 6001 });
    }
    await b.talk({ protocol: 'udp', address: 'fd09::1', port: 6002 });
    const from = (address: string, port: number) => (one: EdgeRecord) =>
      one.serverPort === port && one.peer.kind === 'address' && one.peer.address === address;
    await eventually('each connection', async () => {
      const edges = (await sensor.records()).filter(isEdge);
      const counts = ['fd09::2', '10.9.0.2'].map((address) => edges.find(from(address, 6001))?.connections);
      return counts.every((count) => count === 5);
    });
    expect(await edge(sensor, 'the UDP edge', from('fd09::2', 6002))).toMatchObject({
      direction: 'in',
      protocol: 'udp',
      executable: process.execPath,
    });
    expect((await sensor.status())?.source).toMatch(/conntrack \+ sock_diag$/);
  });

  it('says that UDP is half seen where no rule asks for connection tracking', async () => {
    await using lab = await createNetworkLab();
    const a = await lab.namespace('a');
    const sensor = await a.sensor();
    const status = await sensor.status();
    expect(status).toMatchObject({ state: 'degraded', source: expect.stringMatching(/^(ebpf \+ )?sock_diag$/) });
    expect(status?.reason).toContain('UDP');
  });

  it('gives a container inside a container to the nearest id the runtime knows', async () => {
    await using lab = await createNetworkLab();
    const { a, b, w } = await bridgedLab(lab);
    const inner = await lab.namespace('inner');
    await lab.cable(
      { at: w, device: 'inner0', addresses: ['172.31.0.1/24'] },
      { at: inner, device: 'eth0', addresses: ['172.31.0.2/24'] },
    );
    await inner.ip('route', 'add', 'default', 'via', '172.31.0.1');
    await w.nft(masqueradeRules);
    await a.nft(natRules);
    const outerId = labContainerId();
    const innerId = labContainerId();
    const outer = await w.serve({ protocol: 'tcp', address: '0.0.0.0', port: 80, containers: [outerId] });
    await inner.serve({ protocol: 'tcp', address: '0.0.0.0', port: 81, containers: [outerId, innerId] });
    await b.serve({ protocol: 'tcp', address: '0.0.0.0', port: 9000 });
    const sensor = await a.sensor([{ id: outerId, pid: outer.pid, networks: network('172.30.0.2') }]);
    await inner.talk({
      protocol: 'tcp',
      address: '10.9.0.2',
      port: 9000,
      holdMs: 60_000,
      containers: [outerId, innerId],
    });
    // Containers of others on this machine are seen, too: processes are the same everywhere.
    const out = await edge(
      sensor,
      'an edge out of the inner container',
      (one) => one.containerKey?.includes(innerId) === true,
    );
    expect(out).toMatchObject({ direction: 'out', serverPort: 9000, peer: { kind: 'address', address: '10.9.0.2' } });
    // Its port cannot be reached at the outer container's address, so it is none of the outer one's.
    const own = (await sensor.records()).filter(isListener).filter((one) => one.port === 80 || one.port === 81);
    expect(own.map((one) => [one.containerKey, one.port])).toEqual([[`docker:${outerId}`, 80]]);
  });
});
