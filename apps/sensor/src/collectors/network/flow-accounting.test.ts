import type { TrackedFlow } from '@parapet/kernel';
import { describe, expect, it } from 'vitest';
import { connectionOf } from './connection-index.ts';
import { container, createScene, end, fakeView, flow, listenAt, listener, program, row } from './testing/fakes.ts';

const key = 'docker:dns';
const udp = (original: readonly [string, string], reply: readonly [string, string], more: Partial<TrackedFlow> = {}) =>
  flow(original, reply, { protocol: 'udp', answered: false, ...more });

const createStage = (containers = [container(key, [{ name: 'bridge', address: '172.17.0.2' }])]) => {
  const view = fakeView({ inode: 2, addresses: ['172.17.0.2'], containerKeys: [key] });
  const scene = createScene([view], containers);
  listenAt(view, listener('0.0.0.0:53', program(20, '/bin/dnsd', key), undefined, 'udp'));
  return { scene, view };
};

describe('UDP', () => {
  it('into a published port is the container’s edge', () => {
    const { scene } = createStage();
    scene.flows.add(udp(['10.5.5.5:4000', '192.0.2.2:5353'], ['172.17.0.2:53', '10.5.5.5:4000']), 0);
    scene.settle(1000);
    expect(scene.told()).toMatchObject([
      {
        direction: 'in',
        protocol: 'udp',
        containerKey: key,
        executable: '/bin/dnsd',
        serverPort: 53,
        publishedPort: 5353,
        peer: { kind: 'address', address: '10.5.5.5' },
      },
    ]);
  });

  it('out of the host is an edge even when unanswered, and names the holder of its port', () => {
    const { scene } = createStage();
    listenAt(scene.host, listener('0.0.0.0:40000', program(5, '/bin/logger'), undefined, 'udp'));
    scene.flows.add(udp(['192.0.2.2:40000', '10.5.5.5:514'], ['10.5.5.5:514', '192.0.2.2:40000']), 0);
    scene.settle(1000);
    expect(scene.told()).toMatchObject([{ direction: 'out', executable: '/bin/logger', serverPort: 514 }]);
  });

  it('to a port where nobody listens and nobody answers is none', () => {
    const { scene } = createStage();
    scene.flows.add(udp(['10.5.5.5:4000', '192.0.2.2:161'], ['192.0.2.2:161', '10.5.5.5:4000']), 0);
    scene.flows.add(udp(['10.5.5.5:4000', '172.17.0.2:161'], ['172.17.0.2:161', '10.5.5.5:4000']), 0);
    scene.settle(1000);
    expect(scene.told()).toEqual([]);
  });

  it('that the host only passes between others is none', () => {
    const { scene } = createStage();
    scene.flows.add(udp(['10.5.5.5:4000', '10.6.6.6:53'], ['10.6.6.6:53', '10.5.5.5:4000'], { answered: true }), 0);
    scene.settle(1000);
    expect(scene.told()).toEqual([]);
  });

  it('gets its bytes at the end, each end from its own side', () => {
    const { scene } = createStage();
    const tracked = udp(['192.0.2.2:4000', '172.17.0.2:53'], ['172.17.0.2:53', '192.0.2.2:4000']);
    const known = scene.flows.add(tracked, 0);
    scene.settle(1000);
    known.tracked = { ...tracked, answered: true, bytes: { original: 100, reply: 900 } };
    known.ended = true;
    scene.settle(2000);
    expect(scene.told()).toMatchObject([
      { direction: 'out', bytesSent: 100, bytesReceived: 900, connections: 1 },
      { direction: 'in', containerKey: key, bytesSent: 900, bytesReceived: 100, connections: 1 },
    ]);
    expect(scene.flows.size()).toBe(0);
  });

  it('is counted once when its connected socket is seen, too', () => {
    const { scene } = createStage();
    scene.owned.set(9, program(5, '/bin/dig'));
    const connection = connectionOf(
      scene.host,
      row({ protocol: 'udp', local: end('192.0.2.2:4000'), peer: end('10.5.5.5:53'), inode: 9 }),
      1,
    );
    scene.connections.add(connection);
    scene.flows.add(udp(['192.0.2.2:4000', '10.5.5.5:53'], ['10.5.5.5:53', '192.0.2.2:4000']), 0);
    scene.settle(500);
    expect(scene.told()).toEqual([]);
    scene.attribute(connection, 1000);
    scene.settle(1000);
    expect(scene.told()).toMatchObject([{ executable: '/bin/dig', connections: 1 }]);
  });
});

describe('TCP', () => {
  const late = container('docker:late', [{ name: 'bridge', address: '172.17.0.7' }]);
  const outward = flow(['172.17.0.7:5000', '10.5.5.5:443'], ['10.5.5.5:443', '192.0.2.2:61000'], { answered: false });

  it('is left to sockets where they are watched', () => {
    const { scene } = createStage();
    const known = scene.flows.add(flow(['10.5.5.5:4000', '192.0.2.2:22'], ['192.0.2.2:22', '10.5.5.5:4000']), 0);
    scene.settle(1000);
    expect(scene.told()).toEqual([]);
    expect(known.settled).toBe(true);
    scene.settle(60_000);
    expect(scene.flows.size()).toBe(0);
  });

  it('of a container that nobody could watch is counted at its end, with its bytes', () => {
    const { scene } = createStage([late]);
    const known = scene.flows.add(outward, 0);
    scene.settle(100);
    expect(scene.told()).toEqual([]);
    known.tracked = { ...outward, answered: true, bytes: { original: 500, reply: 600 } };
    known.ended = true;
    scene.settle(200);
    expect(scene.told()).toMatchObject([
      { direction: 'out', containerKey: 'docker:late', serverPort: 443, bytesSent: 500, bytesReceived: 600 },
    ]);
  });

  it('of such a container is counted before its end when the kernel says that it was answered', () => {
    const { scene } = createStage([late]);
    scene.flows.add(outward, 0);
    let questions = 0;
    const find = (): TrackedFlow => {
      questions += 1;
      return { ...outward, answered: true };
    };
    scene.settle(1000, find);
    expect(questions).toBe(0);
    scene.settle(3000, find);
    scene.settle(4000, find);
    expect(questions).toBe(1);
    expect(scene.told()).toMatchObject([{ direction: 'out', containerKey: 'docker:late' }]);
  });

  it('that nobody answered is no edge', () => {
    const { scene } = createStage([late]);
    const known = scene.flows.add(outward, 0);
    scene.settle(3000, () => outward);
    known.ended = true;
    scene.settle(4000);
    expect(scene.told()).toEqual([]);
    expect(scene.flows.size()).toBe(0);
  });

  it('asks the kernel only so often in one turn', () => {
    const { scene } = createStage([late]);
    for (let port = 1000; port < 1200; port += 1)
      scene.flows.add(
        flow([`172.17.0.7:${port}`, '10.5.5.5:443'], ['10.5.5.5:443', `192.0.2.2:${port}`], { answered: false }),
        0,
      );
    let questions = 0;
    scene.settle(5000, () => {
      questions += 1;
      return undefined;
    });
    expect(questions).toBe(32);
  });
});
