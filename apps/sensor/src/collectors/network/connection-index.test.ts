import { describe, expect, it } from 'vitest';
import { connectionOf, createConnectionIndex } from './connection-index.ts';
import { end, fakeView, row } from './testing/fakes.ts';

const view = fakeView({ inode: 2, addresses: ['172.17.0.2'] });
const from = (port: number) =>
  connectionOf(view, row({ local: end(`172.17.0.2:${port}`), peer: end('172.17.0.1:80') }), 1);

describe('index of connections', () => {
  it('finds by both ends, and one that left for a while longer', () => {
    const index = createConnectionIndex(10);
    const connection = from(40_000);
    index.add(connection);
    const find = () => index.find(view, 'tcp', connection.local, connection.peer);
    expect(find()).toBe(connection);
    index.leave(connection, 0);
    expect([index.size(), view.connections.size]).toEqual([0, 0]);
    index.forget(30_000);
    expect(find()).toBe(connection);
    index.forget(30_001);
    expect(find()).toBeUndefined();
  });

  it('prefers what is there to what left with the same ends', () => {
    const index = createConnectionIndex(10);
    const first = from(40_000);
    const second = from(40_000);
    index.add(first);
    index.leave(first, 0);
    index.add(second);
    expect(index.find(view, 'tcp', first.local, first.peer)).toBe(second);
    index.remove(second);
    expect(index.find(view, 'tcp', first.local, first.peer)).toBe(first);
  });

  it('remembers the last 1,024 that left, and forgets at once what is removed', () => {
    const index = createConnectionIndex(10);
    const connections = Array.from({ length: 1025 }, (_, nth) => from(40_000 + nth));
    for (const connection of connections) {
      index.add(connection);
      index.leave(connection, 0);
    }
    const found = connections.filter(({ local, peer }) => index.find(view, 'tcp', local, peer) !== undefined);
    expect(found).toEqual(connections.slice(1));
    const removed = from(39_999);
    index.add(removed);
    index.remove(removed);
    expect(index.find(view, 'tcp', removed.local, removed.peer)).toBeUndefined();
  });
});
