import type { SocketRow } from '@parapet/kernel';
import { describe, expect, it } from 'vitest';
import { probedProcess } from '../../kernel-watch/testing/probed.ts';
import { connectionFromProbe, connectionOf } from './connection-index.ts';
import type { Connection, NamespaceView } from './network-view.ts';
import type { ProbedConnection } from './probed-connections.ts';
import { container, createScene, end, fakeView, flow, listenAt, listener, program, row } from './testing/fakes.ts';
import { createUnwatchedViews } from './unwatched-views.ts';

const webKey = 'docker:web';
const cliKey = 'docker:cli';

/** The host, a web server and a client in containers of one network, the server published at 8080. */
const createStage = () => {
  const web = fakeView({ inode: 2, addresses: ['127.0.0.1', '172.17.0.2'], containerKeys: [webKey] });
  const cli = fakeView({ inode: 3, addresses: ['127.0.0.1', '172.17.0.3'], containerKeys: [cliKey] });
  const scene = createScene(
    [web, cli],
    [
      container(webKey, [{ name: 'bridge', address: '172.17.0.2' }]),
      container(cliKey, [{ name: 'bridge', address: '172.17.0.3' }]),
    ],
  );
  const server = program(20, '/bin/httpd', webKey);
  listenAt(web, listener('0.0.0.0:80', server));
  const target = { protocol: 'tcp', hostPort: 8080, container: end('172.17.0.2:80') } as const;
  const meet = (view: NamespaceView, local: string, peer: string, overrides: Partial<SocketRow> = {}): Connection => {
    const connection = connectionOf(view, row({ local: end(local), peer: end(peer), ...overrides }), 1);
    scene.connections.add(connection);
    return connection;
  };
  /** Looks until nothing more is waited for. */
  const settle = (...connections: readonly Connection[]): void => {
    for (const connection of connections) while (scene.attribute(connection, 1000) === 'wait');
  };
  const standProxy = (): void => {
    listenAt(scene.host, listener('0.0.0.0:8080', program(30, '/usr/bin/docker-proxy'), target));
    scene.ledger.setTargets([target]);
  };
  return { scene, host: scene.host, web, cli, server, target, meet, settle, standProxy };
};

describe('what the kernel told', () => {
  const holder = {
    ...{ key: '70:1', pid: 70, executable: '/bin/nc', isNested: false },
    container: { id: 'f'.repeat(64), runtime: 'docker' as const },
  };
  const probed = (local: string, remote: string): ProbedConnection => ({
    ...{ netNamespace: 9, role: 'client', holder, local: end(local), remote: end(remote) },
    bytes: { sent: 3, received: 4 },
  });

  it('names the program and the container of a connection that nobody else saw, after its translation', () => {
    const { scene, settle } = createStage();
    const translated: [string, string] = ['172.17.0.2:80', '172.17.0.9:50000'];
    scene.flows.add(flow(['172.17.0.9:50000', '192.0.2.2:8080'], translated), 0);
    const made = probed('172.17.0.9:50000', '192.0.2.2:8080');
    const view = createUnwatchedViews(scene.holders).viewOf(made, 0);
    if (view === undefined) throw new Error('no view');
    const connection = connectionFromProbe(view, made);
    // Once more, as its container has not been told yet.
    expect(scene.attribute(connection, 0)).toBe('wait');
    settle(connection);
    expect(scene.told()).toMatchObject([
      {
        ...{ direction: 'out', containerKey: `docker:${holder.container.id}`, executable: '/bin/nc' },
        ...{ processKey: '70:1', serverPort: 80, publishedPort: 8080 },
        peer: { kind: 'local', containerKey: webKey, executable: '/bin/httpd' },
      },
    ]);
  });

  it('gives a holder whose group names no container to the container whose network it is in', () => {
    const { scene, web, settle } = createStage();
    const groupless = { ...holder, container: undefined };
    settle(connectionFromProbe(web, { ...probed('172.17.0.2:50000', '10.5.5.5:443'), holder: groupless }));
    expect(scene.told()).toMatchObject([{ containerKey: webKey, executable: '/bin/nc', serverPort: 443 }]);
  });

  it('names the container that has an address now, and not the one that the runtime told of', () => {
    const { scene, host, settle } = createStage();
    const [client, server] = [end('172.17.0.3:50000'), end('172.17.0.1:5000')];
    const owner = probedProcess(71, 'nc', { cgroups: [holder.container.id, 'docker'] });
    scene.probed.take(
      {
        ...{ kind: 'open', atNs: 1n },
        connection: { ...{ role: 'client', netNamespace: 9, owner, beganNs: 1n }, local: client, remote: server },
      },
      0,
    );
    settle(connectionFromProbe(host, { ...probed('172.17.0.1:5000', '172.17.0.3:50000'), role: 'server' }));
    const peer = { kind: 'local', containerKey: `docker:${holder.container.id}` };
    expect(scene.told()).toMatchObject([{ direction: 'in', serverPort: 5000, peer }]);
  });

  it('decides who began, whatever the ports say', () => {
    const { scene, host, settle } = createStage();
    settle(connectionFromProbe(host, { ...probed('192.0.2.2:80', '10.5.5.5:50000'), holder: undefined }));
    expect(scene.told()).toMatchObject([{ direction: 'out', serverPort: 50_000 }]);
  });

  it('knows no namespace that belongs to no container', () => {
    const made = { ...probed('10.1.1.1:1', '10.5.5.5:2'), holder: { ...holder, container: undefined } };
    expect(createUnwatchedViews(createStage().scene.holders).viewOf(made, 0)).toBeUndefined();
  });
});

describe('direction', () => {
  it('is inward where a socket listens', () => {
    const { scene, web, meet, settle } = createStage();
    settle(meet(web, '172.17.0.2:80', '10.5.5.5:50000'));
    expect(scene.told()).toMatchObject([
      {
        direction: 'in',
        serverPort: 80,
        containerKey: webKey,
        executable: '/bin/httpd',
        peer: { kind: 'address', address: '10.5.5.5' },
      },
    ]);
  });

  it('is told by connection tracking before anything else', () => {
    const { scene, host, meet, settle } = createStage();
    scene.flows.add(flow(['192.0.2.2:443', '10.5.5.5:51000'], ['10.5.5.5:51000', '192.0.2.2:443']), 0);
    settle(meet(host, '192.0.2.2:443', '10.5.5.5:51000'));
    expect(scene.told()).toMatchObject([{ direction: 'out', serverPort: 51_000 }]);
  });

  it('is inward at the lower port when the listener is gone', () => {
    const { scene, host, meet, settle } = createStage();
    settle(meet(host, '192.0.2.2:443', '10.5.5.5:51000'), meet(host, '192.0.2.2:52000', '10.5.5.5:8443'));
    expect(scene.told().map((edge) => 'serverPort' in edge && [edge.direction, edge.serverPort])).toEqual([
      ['in', 443],
      ['out', 8443],
    ]);
  });
});

describe('translation', () => {
  it('of a published port is undone at both ends', () => {
    const { scene, web, cli, server, meet, settle } = createStage();
    scene.owned.set(7, program(40, '/bin/curl', cliKey));
    scene.owned.set(8, server);
    scene.flows.add(flow(['172.17.0.3:5000', '192.0.2.2:8080'], ['172.17.0.2:80', '172.17.0.3:5000']), 0);
    settle(
      meet(web, '172.17.0.2:80', '172.17.0.3:5000', { inode: 8 }),
      meet(cli, '172.17.0.3:5000', '192.0.2.2:8080', { inode: 7 }),
    );
    expect(scene.told()).toMatchObject([
      {
        direction: 'in',
        containerKey: webKey,
        serverPort: 80,
        publishedPort: 8080,
        peer: { kind: 'local', containerKey: cliKey, executable: '/bin/curl' },
      },
      {
        direction: 'out',
        containerKey: cliKey,
        executable: '/bin/curl',
        serverPort: 80,
        publishedPort: 8080,
        peer: { kind: 'local', containerKey: webKey, executable: '/bin/httpd' },
      },
    ]);
  });

  it('by masquerade to another container still names the client', () => {
    const { scene, web, meet, settle } = createStage();
    // Hairpin: the server sees the bridge's address in place of the client's.
    scene.flows.add(flow(['172.17.0.3:5000', '192.0.2.2:8080'], ['172.17.0.2:80', '172.17.0.1:61000']), 0);
    settle(meet(web, '172.17.0.2:80', '172.17.0.1:61000'));
    expect(scene.told()).toMatchObject([{ publishedPort: 8080, peer: { kind: 'local', containerKey: cliKey } }]);
  });

  it('of another namespace’s loopback addresses is not taken for one’s own', () => {
    const { scene, cli, meet, settle } = createStage();
    scene.flows.add(flow(['127.0.0.1:5000', '127.0.0.1:8080'], ['172.17.0.2:80', '127.0.0.1:5000']), 0);
    scene.owned.set(1, program(1, '/bin/a', cliKey));
    listenAt(cli, listener('127.0.0.1:8080', program(2, '/bin/b', cliKey)));
    settle(meet(cli, '127.0.0.1:5000', '127.0.0.1:8080', { inode: 1 }));
    expect(scene.told()).toMatchObject([
      { serverPort: 8080, peer: { kind: 'local', containerKey: cliKey, executable: '/bin/b' } },
    ]);
  });
});

describe('docker-proxy', () => {
  it('is the container for clients, and nobody for the container', () => {
    const { scene, host, standProxy, meet, settle } = createStage();
    standProxy();
    scene.owned.set(30, program(30, '/usr/bin/docker-proxy'));
    scene.owned.set(40, program(40, '/usr/bin/curl'));
    settle(
      meet(host, '127.0.0.1:8080', '127.0.0.1:5000', { inode: 30 }),
      meet(host, '127.0.0.1:5000', '127.0.0.1:8080', { inode: 40 }),
    );
    expect(scene.told()).toMatchObject([
      {
        direction: 'in',
        containerKey: webKey,
        executable: '/bin/httpd',
        serverPort: 80,
        publishedPort: 8080,
        peer: { kind: 'local', executable: '/usr/bin/curl' },
      },
      {
        direction: 'out',
        executable: '/usr/bin/curl',
        serverPort: 80,
        publishedPort: 8080,
        peer: { kind: 'local', containerKey: webKey },
      },
    ]);
  });

  it('is not told again by its own connection, whose holder is no longer known', () => {
    const { scene, host, web, standProxy, meet, settle } = createStage();
    standProxy();
    const accepted = meet(host, '127.0.0.1:8080', '127.0.0.1:5000', { state: 'gone' });
    const client = meet(host, '127.0.0.1:5000', '127.0.0.1:8080', { state: 'gone' });
    const upstream = meet(host, '172.17.0.1:6000', '172.17.0.2:80', { state: 'gone' });
    const served = meet(web, '172.17.0.2:80', '172.17.0.1:6000', { state: 'gone' });
    settle(accepted, client, upstream, served);
    expect([upstream.state, served.state]).toEqual(['ignored', 'ignored']);
    expect(scene.told().map((edge) => 'direction' in edge && [edge.direction, edge.connections])).toEqual([
      ['in', 1],
      ['out', 1],
    ]);
  });

  it('does not hide a direct connection from the host', () => {
    const { scene, host, web, standProxy, meet, settle } = createStage();
    standProxy();
    settle(
      meet(host, '172.17.0.1:6000', '172.17.0.2:80', { state: 'gone' }),
      meet(web, '172.17.0.2:80', '172.17.0.1:6000', { state: 'gone' }),
    );
    expect(scene.told()).toMatchObject([
      { direction: 'out', serverPort: 80, peer: { kind: 'local', containerKey: webKey } },
      { direction: 'in', serverPort: 80, containerKey: webKey, peer: { kind: 'local' } },
    ]);
  });
});

describe('waiting', () => {
  it('goes on for a holder that may still be found, and not for ever', () => {
    const { scene, cli, meet } = createStage();
    const connection = meet(cli, '172.17.0.3:5000', '10.5.5.5:443', { inode: 77 });
    const answers = Array.from({ length: 8 }, () => scene.attribute(connection, 0));
    expect(answers).toEqual([...Array.from({ length: 7 }, () => 'wait'), 'done']);
    expect(scene.told()).toMatchObject([{ containerKey: cliKey }]);
  });

  it('is spared where nobody holds the socket', () => {
    const { scene, cli, meet } = createStage();
    scene.ownerless.add(77);
    expect(scene.attribute(meet(cli, '172.17.0.3:5000', '10.5.5.5:443', { inode: 77 }), 0)).toBe('done');
    expect(scene.attribute(meet(cli, '172.17.0.3:5001', '10.5.5.5:443', { inode: 0 }), 0)).toBe('done');
  });

  it('gives a runtime the time to tell of a container', () => {
    const { scene, host, meet, settle } = createStage();
    listenAt(host, listener('0.0.0.0:9000', program(5, '/bin/app')));
    const connection = meet(host, '172.17.0.1:9000', '172.17.0.9:5000');
    expect(scene.attribute(connection, 0)).toBe('wait');
    scene.addresses.update([container('docker:new', [{ name: 'bridge', address: '172.17.0.9' }])], 0);
    settle(connection);
    expect(scene.told()).toMatchObject([{ peer: { kind: 'local', containerKey: 'docker:new' } }]);
  });
});

describe('what is no edge', () => {
  it('is a program that talks to itself', () => {
    const { scene, host, meet, settle } = createStage();
    const app = program(5, '/bin/app');
    scene.owned.set(1, app);
    listenAt(host, listener('127.0.0.1:9000', app));
    const ends = [
      meet(host, '127.0.0.1:9000', '127.0.0.1:5000', { inode: 1 }),
      meet(host, '127.0.0.1:5000', '127.0.0.1:9000', { inode: 1 }),
    ];
    settle(...ends);
    expect(ends.map((one) => one.state)).toEqual(['ignored', 'ignored']);
    expect(scene.told()).toEqual([]);
  });

  it('is multicast', () => {
    const { scene, host, meet, settle } = createStage();
    settle(meet(host, '192.0.2.2:40000', '224.0.0.251:5353', { protocol: 'udp' }));
    expect(scene.told()).toEqual([]);
  });
});

it('gives a process of a container on the host network to the container', () => {
  const { scene, host, meet, settle } = createStage();
  listenAt(host, listener('0.0.0.0:9000', program(50, '/bin/agent', 'docker:agent')));
  settle(meet(host, '192.0.2.2:9000', '10.5.5.5:40000'));
  expect(scene.told()).toMatchObject([{ containerKey: 'docker:agent', executable: '/bin/agent', processKey: '50:1' }]);
});
