import { describe, expect, it } from 'vitest';
import type { NamespaceView } from './network-view.ts';
import { container, createScene, end, fakeView, listenAt, listener, program } from './testing/fakes.ts';

const webView = fakeView({ inode: 2, addresses: ['127.0.0.1', '172.18.0.2'], containerKeys: ['docker:web'] });
const dbView = fakeView({ inode: 3, addresses: ['127.0.0.1', '172.19.0.3'], containerKeys: ['docker:db'] });
const nestedView = fakeView({
  inode: 4,
  addresses: ['127.0.0.1', '172.18.0.9'],
  containerKeys: ['docker:web'],
  isNested: true,
});
const web = container('docker:web', [{ name: 'front', address: '172.18.0.2' }]);
const db = container('docker:db', [{ name: 'back', address: '172.19.0.3' }]);

listenAt(dbView, listener('0.0.0.0:5432', program(9, '/bin/postgres', 'docker:db')));
const scene = createScene([webView, dbView, nestedView], [web, db]);
listenAt(scene.host, listener('0.0.0.0:22', program(5, '/usr/sbin/sshd')));

const ask = (from: NamespaceView, text: string, role: 'server' | 'client' = 'server', viaHost = false) =>
  scene.peers({ from, protocol: 'tcp', endpoint: end(text), role, viaHost });

describe('a peer', () => {
  it('on a loopback address is of the same namespace', () => {
    expect(ask(scene.host, '127.0.0.1:22')).toEqual({
      kind: 'local',
      containerKey: undefined,
      executable: '/usr/sbin/sshd',
    });
    expect(ask(webView, '127.0.0.1:80')).toEqual({ kind: 'local', containerKey: 'docker:web', executable: undefined });
  });

  it('that is a container is named with what listens there', () => {
    expect(ask(scene.host, '172.19.0.3:5432')).toEqual({
      kind: 'local',
      containerKey: 'docker:db',
      executable: '/bin/postgres',
    });
  });

  it('that is a client has no program by its port', () => {
    expect(ask(scene.host, '172.19.0.3:5432', 'client')).toEqual({
      kind: 'local',
      containerKey: 'docker:db',
      executable: undefined,
    });
  });

  it('is not taken for a container on a network that cannot be reached, unless the host passed it on', () => {
    expect(ask(webView, '172.19.0.3:5432')).toEqual({ kind: 'address', address: '172.19.0.3' });
    expect(ask(webView, '172.19.0.3:5432', 'server', true)).toMatchObject({ kind: 'local', containerKey: 'docker:db' });
  });

  it('on an address of the host is the host, seen from a container', () => {
    expect(ask(webView, '192.0.2.2:22')).toEqual({
      kind: 'local',
      containerKey: undefined,
      executable: '/usr/sbin/sshd',
    });
  });

  it('of a namespace inside a container is never matched by addresses of the host', () => {
    expect(ask(nestedView, '172.17.0.1:22')).toEqual({ kind: 'address', address: '172.17.0.1' });
    expect(ask(nestedView, '172.19.0.3:5432')).toEqual({ kind: 'address', address: '172.19.0.3' });
  });

  it('on a network of the runtime without a container names that network', () => {
    expect(ask(webView, '172.18.0.77:80')).toEqual({ kind: 'address', address: '172.18.0.77', network: 'front' });
  });

  it.each([
    ['8.8.8.8', { kind: 'internet', address: '8.8.8.8' }],
    ['2606:4700::1111', { kind: 'internet', address: '2606:4700::1111' }],
    ['10.1.2.3', { kind: 'address', address: '10.1.2.3' }],
    ['100.64.0.1', { kind: 'address', address: '100.64.0.1' }],
    ['fd12::1', { kind: 'address', address: 'fd12::1' }],
    ['fe80::1', { kind: 'address', address: 'fe80::1' }],
    ['224.0.0.251', undefined],
    ['ff02::fb', undefined],
    ['255.255.255.255', undefined],
    ['0.0.0.0', undefined],
  ])('%s is %o', (address, expected) => {
    expect(ask(scene.host, `${address}:53`)).toEqual(expected);
  });
});
