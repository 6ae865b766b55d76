import type { HuntEvent } from '@parapet/contract/api';
import { expect, test } from 'vitest';
import { filesOf, peersOf } from './touched.ts';

const at = (second: number): number => 1_700_000_000_000_000 + second * 1_000_000;
const talk = (second: number, action: string, more: Partial<HuntEvent> = {}): HuntEvent => ({
  '@timestamp': at(second),
  'event.action': action,
  'network.transport': 'tcp',
  'network.direction': 'egress',
  'source.ip': '10.0.0.1',
  'source.port': 40_000 + second,
  'destination.ip': '10.0.0.2',
  'destination.port': 443,
  ...more,
});

test('connections to one peer are one line: tries, failures, bytes by who sent them, first and last', () => {
  const { items, total } = peersOf(
    [
      talk(3, 'flow', { 'source.bytes': 10, 'destination.bytes': 5 }),
      talk(1, 'connect', { 'event.outcome': 'success' }),
      talk(5, 'connect', { 'event.outcome': 'failure' }),
      talk(2, 'connect', { 'destination.ip': '10.0.0.3' }),
    ],
    10,
  );
  expect(total).toBe(2);
  expect(items[0]).toEqual({
    ...{ direction: 'egress', address: '10.0.0.2', port: 443, transport: 'tcp' },
    ...{ connections: 1, failures: 1, bytesSent: 10, bytesReceived: 5 },
    firstAt: '2023-11-14T22:13:21.000Z',
    lastAt: '2023-11-14T22:13:25.000Z',
  });
});

test('of what comes in, the peer is who began it, the port is the own one and the bytes are turned around', () => {
  const came = { 'network.direction': 'ingress', 'source.ip': '192.0.2.7' } as const;
  const { items } = peersOf(
    [talk(1, 'accept', came), talk(2, 'datagram', came), talk(3, 'flow', { ...came, 'source.bytes': 7 })],
    10,
  );
  expect(items).toMatchObject([
    { direction: 'ingress', address: '192.0.2.7', port: 443, connections: 2, bytesReceived: 7, bytesSent: 0 },
  ]);
});

test('files have what was done to them; a rename touches two; a limit says how many there were', () => {
  const touch = (second: number, action: string, path: string, to?: string): HuntEvent => ({
    '@timestamp': at(second),
    'event.action': action,
    'file.path': path,
    ...(to === undefined ? {} : { 'file.target_path': to }),
  });
  const events = [
    touch(1, 'file-write', '/etc/passwd'),
    touch(2, 'file-write', '/etc/passwd'),
    touch(3, 'file-permission', '/etc/passwd'),
    touch(4, 'file-rename', '/tmp/a', '/usr/bin/b'),
    talk(5, 'connect'),
  ];
  const { items, total } = filesOf(events, 2);
  expect(total).toBe(3);
  expect(items.map(({ path }) => path)).toEqual(['/tmp/a', '/usr/bin/b']);
  expect(filesOf(events, 10).items.find(({ path }) => path === '/etc/passwd')).toMatchObject({
    actions: [
      { action: 'file-write', count: 2 },
      { action: 'file-permission', count: 1 },
    ],
    firstAt: '2023-11-14T22:13:21.000Z',
    lastAt: '2023-11-14T22:13:23.000Z',
  });
});
