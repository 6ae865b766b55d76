import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { EdgeRecord, InventoryRecord } from '@parapet/contract/wire';
import { fail, problem } from '@parapet/core';
import {
  buildBusyboxImage,
  describeWith,
  docker,
  dockerDaemon,
  dockerSocketPath,
  eventually,
  removeContainer,
  root,
  runContainer,
  testLabel,
} from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKernelWatch } from '../../kernel-watch/kernel-watch.ts';
import type { CollectorDefinition } from '../collector.ts';
import { createDockerCollector } from '../docker/index.ts';
import { createRuntimeStates } from '../runtime-states.ts';
import type { WorkloadDirectoryStore } from '../workload-directory-store.ts';
import { createNetworkLab } from './testing/network-lab.ts';
import { type WatchedHost, watchHost } from './testing/watched-host.ts';

const web = ['httpd', '-f', '-p', '80', '-h', '/www'];
const webOn = (port: string): readonly string[] => ['httpd', '-f', '-p', port, '-h', '/www'];

describeWith([root, dockerDaemon], 'network collector with Docker', () => {
  let host: WatchedHost;
  let image: string;
  const made: string[] = [];
  const networks: string[] = [];

  const run = async (options: readonly string[], command: readonly string[]): Promise<string> => {
    const id = await runContainer(image, options, command);
    made.push(id);
    return id;
  };
  const keyOf = (id: string): string => `docker:${id}`;
  const addressOf = (id: string): Promise<string> =>
    docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', id);
  const publishedPort = async (id: string, port = '80/tcp'): Promise<number> =>
    Number((await docker('port', id, port)).split('\n')[0]?.split(':').at(-1));
  const edges = (where: (edge: EdgeRecord) => boolean): readonly EdgeRecord[] => host.live('edge').filter(where);
  const edge = (what: string, where: (edge: EdgeRecord) => boolean): Promise<EdgeRecord> =>
    eventually(what, async () => edges(where)[0]);
  /** Edges come with looks; what must not come is judged after the look that brought what must. */
  const settle = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 7000));

  beforeAll(async () => {
    image = await buildBusyboxImage();
    host = await watchHost(dockerBeside);
  });

  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
    for (const id of made) await removeContainer(id);
    for (const name of networks) await docker('network', 'rm', name).catch(() => undefined);
  });

  it('names the container behind docker-proxy, for clients on the host', async () => {
    const id = await run(['--publish', '127.0.0.1::80'], web);
    const port = await publishedPort(id);
    await eventually('the container listens', async () =>
      host.live('listener').some((listener) => listener.containerKey === keyOf(id) && listener.port === 80),
    );
    for (let time = 0; time < 3; time += 1) await get('127.0.0.1', port);
    const inbound = await edge(
      'an edge into the container, with all three and what they carried',
      (one) =>
        one.direction === 'in' && one.containerKey === keyOf(id) && one.connections === 3 && (one.bytesSent ?? 0) > 0,
    );
    const isClients = (one: EdgeRecord): boolean =>
      one.direction === 'out' && one.peer.kind === 'local' && one.peer.containerKey === keyOf(id);
    await edge('the client’s side', (one) => isClients(one) && one.connections === 3);
    expect(inbound).toMatchObject({ serverPort: 80, publishedPort: port, protocol: 'tcp', executable: '/bin/busybox' });
    expect(inbound.peer).toMatchObject({ kind: 'local' });
    await settle();
    const into = edges((one) => one.direction === 'in' && one.containerKey === keyOf(id));
    expect(into.map((one) => [one.publishedPort, one.connections])).toEqual([[port, 3]]);
    // The client's side, and nothing of the proxy's own.
    const out = edges(isClients);
    expect(out.map((one) => [one.containerKey, one.serverPort, one.publishedPort, one.connections])).toEqual([
      [undefined, 80, port, 3],
    ]);
    expect(edges((one) => one.executable?.endsWith('docker-proxy') === true)).toEqual([]);
    expect(host.live('listener').filter((one) => one.executable?.endsWith('docker-proxy') === true)).toEqual([]);
  });

  it('undoes the translation of a published port between containers and from the host', async () => {
    const own = await hostAddress();
    const server = await run(['--publish', '80'], web);
    const port = await publishedPort(server);
    const client = await run([], ['sleep', '1000']);
    await eventually('the container listens', async () =>
      host.live('listener').some((listener) => listener.containerKey === keyOf(server) && listener.port === 80),
    );
    await docker('exec', client, 'wget', '-q', '-O', '-', `http://${own}:${port}/`);
    await get(own, port);
    const out = await edge(
      'an edge out of the client',
      (one) => one.direction === 'out' && one.containerKey === keyOf(client),
    );
    expect(out).toMatchObject({
      serverPort: 80,
      publishedPort: port,
      peer: { kind: 'local', containerKey: keyOf(server), executable: '/bin/busybox' },
    });
    const inbound = await edge(
      'an edge into the server from the client',
      (one) =>
        one.direction === 'in' &&
        one.containerKey === keyOf(server) &&
        one.peer.kind === 'local' &&
        one.peer.containerKey === keyOf(client),
    );
    expect(inbound).toMatchObject({ serverPort: 80, publishedPort: port });
    const fromHost = await edge(
      'an edge into the server from the host',
      (one) =>
        one.direction === 'in' &&
        one.containerKey === keyOf(server) &&
        one.peer.kind === 'local' &&
        one.peer.containerKey === undefined,
    );
    expect(fromHost).toMatchObject({ serverPort: 80, publishedPort: port, connections: 1 });
  });

  it('names the client beyond the host of a published port', async () => {
    await using lab = await createNetworkLab();
    const outside = await lab.namespace('outside');
    await lab.cable(
      { at: undefined, device: `pt${process.pid}`.slice(0, 15), addresses: ['10.213.7.1/30'] },
      { at: outside, device: 'eth0', addresses: ['10.213.7.2/30'] },
    );
    const server = await run(['--publish', '80'], web);
    const port = await publishedPort(server);
    await eventually('the container listens', async () =>
      host.live('listener').some((listener) => listener.containerKey === keyOf(server) && listener.port === 80),
    );
    const client = await outside.talk({ protocol: 'tcp', address: '10.213.7.1', port });
    await client.ended;
    const inbound = await edge(
      'an edge from outside',
      (one) => one.direction === 'in' && one.containerKey === keyOf(server) && one.peer.kind === 'address',
    );
    expect(inbound).toMatchObject({
      serverPort: 80,
      publishedPort: port,
      connections: 1,
      peer: { address: '10.213.7.2' },
      executable: '/bin/busybox',
    });
  });

  it('gives a container on the host network its own edges and listeners', async () => {
    const port = await freePort();
    const id = await run(['--network', 'host'], webOn(String(port)));
    const listener = await eventually('its listener', async () =>
      host.live('listener').find((one) => one.port === port && one.protocol === 'tcp'),
    );
    expect(listener.containerKey).toBe(keyOf(id));
    await get('127.0.0.1', port);
    const inbound = await edge('its edge', (one) => one.serverPort === port && one.direction === 'in');
    expect(inbound).toMatchObject({ containerKey: keyOf(id), executable: '/bin/busybox', connections: 1 });
  });

  it('tells containers of one network apart by IPv6 too', async () => {
    const name = `parapet-test-${process.pid}`;
    await docker('network', 'create', '--label', testLabel, '--ipv6', '--subnet', 'fd00:7a7a:1::/64', name);
    networks.push(name);
    const server = await run(['--network', name], web);
    const client = await run(['--network', name], ['sleep', '1000']);
    const address = await docker(
      'inspect',
      '--format',
      '{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{end}}',
      server,
    );
    await eventually('the container listens', async () =>
      host.live('listener').some((listener) => listener.containerKey === keyOf(server) && listener.port === 80),
    );
    await docker('exec', client, 'wget', '-q', '-O', '-', `http://[${address}]/`);
    const inbound = await edge('an edge', (one) => one.direction === 'in' && one.containerKey === keyOf(server));
    expect(inbound.peer).toMatchObject({ kind: 'local', containerKey: keyOf(client) });
    const absent = address.replace(/[0-9a-f]+$/, 'fffe');
    await docker('exec', client, 'wget', '-q', '-T', '1', '-O', '-', `http://[${absent}]/`).catch(() => undefined);
    await settle();
    // An attempt that nobody answered is no edge.
    expect(edges((one) => one.containerKey === keyOf(client) && one.peer.kind !== 'local')).toEqual([]);
  });

  it('names the program of a container that only made one short connection', async () => {
    const server = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    await eventually('our own listener', async () => host.live('listener').some((one) => one.port === port));
    const gateway = await docker('network', 'inspect', '--format', '{{(index .IPAM.Config 0).Gateway}}', 'bridge');
    // Nothing but the connection: it is over, and the container with it, before anyone can look.
    const id = await run([], ['nc', '-w', '1', gateway, String(port)]);
    await docker('wait', id);
    const ours = (one: EdgeRecord): boolean => one.serverPort === port;
    // Each as last told: an edge that ended is told once more when late news of it comes.
    const known = (): readonly EdgeRecord[] => [
      ...new Map(
        [...host.ended().filter(isEdge), ...host.live('edge')].filter(ours).map((one) => [one.key, one]),
      ).values(),
    ];
    await eventually('an edge out of it, with what it carried', async () =>
      known().some((one) => one.direction === 'out' && one.bytesReceived === 5),
    );
    await eventually('an edge into us', async () => known().some((one) => one.direction === 'in'));
    await settle();
    // Connection tracking and sockets told of it as well; it is one connection.
    expect(known().toSorted((one, other) => one.direction.localeCompare(other.direction))).toMatchObject([
      { direction: 'in', connections: 1, peer: { kind: 'local', containerKey: keyOf(id) } },
      {
        ...{ direction: 'out', containerKey: keyOf(id), executable: '/bin/busybox', connections: 1 },
        peer: { kind: 'local' },
      },
    ]);
    server.close();
  });

  it('says for how long a new container was not watched where the kernel tells nothing', async () => {
    const kernel = createKernelWatch({
      cpuCores: undefined,
      open: () => fail(problem('no-btf', 'It is too old.')),
    });
    await using blind = await watchHost(dockerBeside, kernel);
    expect(blind.status()?.reason).toContain('It is too old.');
    // One that is over before it was looked at would not be known at all.
    await run([], ['sleep', '1000']);
    await eventually('a blind span', async () =>
      blind.blindSpans().includes('A new container was not watched yet.') ? true : undefined,
    );
  });

  it('ends the edges and listeners of a container with it', async () => {
    const id = await run([], web);
    await eventually('the container listens', async () =>
      host.live('listener').some((listener) => listener.containerKey === keyOf(id)),
    );
    await get(await addressOf(id), 80);
    await edge('an edge', (one) => one.containerKey === keyOf(id));
    await removeContainer(id);
    await eventually(
      'both are ended',
      async () =>
        host.live('edge').every((one) => one.containerKey !== keyOf(id)) &&
        host.live('listener').every((one) => one.containerKey !== keyOf(id)),
    );
    expect(host.ended().some((record) => record.kind === 'edge' && record.containerKey === keyOf(id))).toBe(true);
  });

  it('sees UDP between containers, with the published port', async () => {
    const own = await hostAddress();
    // Busybox has no UDP server, so this Node and its libraries are lent to the container.
    const lent = ['/lib', '/lib64', '/usr/lib'].flatMap((path) => ['--volume', `${path}:${path}:ro`]);
    const server = await run(
      ['--publish', '5353/udp', ...lent, '--volume', `${process.execPath}:/bin/node:ro`],
      ['/bin/node', '--eval', echoServer],
    );
    const port = await publishedPort(server, '5353/udp');
    const client = await run([...lent, '--volume', `${process.execPath}:/bin/node:ro`], ['sleep', '1000']);
    await eventually('the client is watched', async () => host.workloads.container(keyOf(client)));
    await eventually('the server listens', async () =>
      host.live('listener').some((one) => one.containerKey === keyOf(server) && one.protocol === 'udp'),
    );
    await docker('exec', client, '/bin/node', '--eval', `${sendOnce}(${port}, '${own}')`);
    const inbound = await edge(
      'an edge into the server',
      (one) => one.direction === 'in' && one.protocol === 'udp' && one.containerKey === keyOf(server),
    );
    expect(inbound).toMatchObject({ serverPort: 5353, publishedPort: port });
    const out = await edge(
      'an edge out of the client',
      (one) => one.direction === 'out' && one.protocol === 'udp' && one.containerKey === keyOf(client),
    );
    expect(out).toMatchObject({ serverPort: 5353, peer: { kind: 'local', containerKey: keyOf(server) } });
  });

  it('loses nothing on the way', () => {
    expect(host.losses()).toEqual([]);
  });
});

const isEdge = (record: InventoryRecord): record is EdgeRecord => record.kind === 'edge';

const dockerBeside = (workloads: WorkloadDirectoryStore): readonly CollectorDefinition[] => [
  createDockerCollector({
    address: { kind: 'socket', path: dockerSocketPath() ?? '' },
    workloads,
    runtimes: createRuntimeStates(),
  }),
];

const echoServer =
  "const s=require('dgram').createSocket('udp4');s.on('message',(m,f)=>s.send(m,f.port,f.address));s.bind(5353)";
const sendOnce =
  "((port,address)=>{const s=require('dgram').createSocket('udp4');s.on('message',()=>s.close());s.send('hi',port,address)})";

const hostAddress = async (): Promise<string> => {
  const candidates = Object.values(networkInterfaces())
    .flat()
    .filter((one) => one !== undefined && one.family === 'IPv4' && !one.internal)
    .map((one) => one?.address ?? '');
  const bridges = await docker(
    'network',
    'inspect',
    '--format',
    '{{range .IPAM.Config}}{{.Gateway}} {{end}}',
    'bridge',
  );
  const own = candidates.find((address) => !bridges.includes(address));
  if (own === undefined) throw new Error('This host has no address beside Docker’s.');
  return own;
};

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** One HTTP request on a connection of its own. */
const get = (address: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, address);
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', () => {});
    socket.write('GET / HTTP/1.0\r\n\r\n');
  });
