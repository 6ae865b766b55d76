import { describe, expect, it } from 'vitest';
import { createProcessMemory } from '../../kernel-watch/process-memory.ts';
import type { TcpConnection } from '../../kernel-watch/tcp-connections.ts';
import { probedProcess } from '../../kernel-watch/testing/probed.ts';
import { createDockerProxies } from './docker-proxy.ts';
import { createFlowAccounting } from './flow-accounting.ts';
import { createFlowNews } from './flow-news.ts';
import { createListenerBook } from './listener-book.ts';
import { createListenerCensus } from './listener-census.ts';
import type { NamespaceView } from './network-view.ts';
import { createNetworkWatch } from './network-watch.ts';
import { createProbedConnections } from './probed-connections.ts';
import { createSocketCensus } from './socket-census.ts';
import { container, createScene, end, fakeView, flow, row } from './testing/fakes.ts';
import { createUnwatchedViews } from './unwatched-views.ts';

const id = 'c'.repeat(64);
const key = `docker:${id}`;
const brief = 9;

/** A host with a container that is known to its runtime, and whose network is watched only when the test says so. */
const createStage = (watched: readonly NamespaceView[] = []) => {
  const known = container(key, [{ name: 'bridge', address: '172.17.0.5' }]);
  const scene = createScene(watched, [known]);
  const memory = createProcessMemory();
  memory.remember('70:70', { name: 'nc', executable: '/bin/nc' });
  const losses: string[] = [];
  const lose = (cause: string): number => losses.push(cause);
  const probed = createProbedConnections({ memory, running: () => undefined, catchUp: () => {}, lose });
  const views = [scene.host, ...watched];
  const at = (inode: number): NamespaceView | undefined => views.find((view) => view.inode === inode);
  const holders = { ...scene.holders, isContainerUnknown: () => false };
  const watch = createNetworkWatch({
    ...scene,
    workloads: { containers: () => [known] },
    namespaces: {
      views: () => views,
      host: () => scene.host,
      at,
      inodeOf: (view) => view.inode,
      ofContainer: (asked) => watched.find((view) => view.containerKeys.includes(asked)),
      refresh: () => [],
      missed: () => ({ count: 0, reason: '' }),
      close: () => {},
    },
    probed,
    unwatched: createUnwatchedViews(holders),
    lose,
    sockets: createSocketCensus({
      connections: scene.connections,
      claim: (view, { local, peer }) => probed.claim(view.inode, local, peer),
      lose,
      onOverrun: () => {},
    }),
    flowNews: createFlowNews({ flows: scene.flows, tracking: undefined, onOverrun: () => {}, onBegan: () => {} }),
    tracking: undefined,
    listeners: createListenerCensus({
      ...scene,
      proxies: createDockerProxies(() => []),
      listeners: createListenerBook({ inventory: { put: () => {} }, lose }),
      markSocketOwner: () => {},
    }),
    accounting: createFlowAccounting({ ...scene, isProbed: () => true }),
  });
  const connection: TcpConnection = {
    ...{ role: 'client', netNamespace: brief, beganNs: 1n },
    owner: probedProcess(70, 'nc', { cgroups: [`docker-${id}.scope`] }),
    local: end('172.17.0.5:40000'),
    remote: end('10.5.5.5:443'),
  };
  const open = (): void => probed.take({ kind: 'open', atNs: 1n, connection }, 0);
  const close = (): void => probed.take({ kind: 'close', atNs: 2n, connection, sentBytes: 3, receivedBytes: 5 }, 0);
  return { scene, watch, losses, open, close };
};

const expected = {
  ...{ direction: 'out', containerKey: key, executable: '/bin/nc', serverPort: 443, connections: 1 },
  ...{ bytesSent: 3, bytesReceived: 5 },
  peer: { kind: 'address', address: '10.5.5.5' },
};

describe('the network watch', () => {
  it('tells a connection of a network that nobody entered, once, though connection tracking shows it as well', async () => {
    const { scene, watch, losses, open, close } = createStage();
    open();
    close();
    const seen = scene.flows.add(flow(['172.17.0.5:40000', '10.5.5.5:443'], ['10.5.5.5:443', '172.17.0.5:40000']), 0);
    for (const now of [1000, 2000, 10_000]) await watch.look(now, { thorough: true });
    seen.ended = true;
    await watch.look(20_000, { thorough: true });
    expect(scene.told()).toMatchObject([expected]);
    expect(scene.connections.size()).toBe(0);
    expect(losses).toEqual([]);
  });

  it('names the holder of a connection that a look met, and counts it once', async () => {
    const table = [
      row({ local: end('172.17.0.5:40000'), peer: end('10.5.5.5:443'), inode: 5, bytes: { sent: 3, received: 5 } }),
    ];
    const view = fakeView({
      ...{ inode: brief, addresses: ['172.17.0.5'], containerKeys: [key] },
      list: (onSocket) => {
        for (const one of table) onSocket(one);
        return { ok: true, value: { complete: true } };
      },
    });
    const { scene, watch, open, close } = createStage([view]);
    open();
    await watch.look(1000, { thorough: false });
    table.length = 0;
    close();
    for (const now of [20_000, 30_000]) await watch.look(now, { thorough: false });
    expect(scene.told()).toMatchObject([expected]);
    expect(scene.connections.size()).toBe(0);
  });

  it('tells one of a watched network that no look and no end showed, after a while', async () => {
    const view = fakeView({ inode: brief, addresses: ['172.17.0.5'], containerKeys: [key] });
    const { scene, watch, open, close } = createStage([view]);
    open();
    close();
    await watch.look(1000, { thorough: false });
    expect(scene.told()).toEqual([]);
    for (const now of [4000, 20_000, 30_000]) await watch.look(now, { thorough: false });
    expect(scene.told()).toMatchObject([expected]);
    expect(scene.connections.size()).toBe(0);
  });
});
