import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBusyboxImage, describeWith, docker, dockerDaemon, dockerSocketPath, testLabel } from '@parapet/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRuntimeStates } from '../runtime-states.ts';
import { createCollected } from '../testing/collected.ts';
import { createDockerCollector } from './index.ts';

const soon = { timeout: 180_000, interval: 20 };
const socketPath = dockerSocketPath() ?? '';

/** A socket that leads to the real daemon and can be taken away, as a daemon that stops does. */
const createGate = async (path: string) => {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  return {
    open: () =>
      new Promise<void>((resolve) => {
        server = createServer((client) => {
          const upstream = connect(socketPath);
          for (const socket of [client, upstream]) {
            sockets.add(socket);
            socket.on('error', () => socket.destroy());
            socket.on('close', () => sockets.delete(socket));
          }
          client.pipe(upstream).pipe(client);
        }).listen(path, resolve);
      }),
    close: () =>
      new Promise<void>((resolve) => {
        server?.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

describeWith([dockerDaemon], 'a docker that comes and goes', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parapet-docker-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('is noticed when it appears, missed when it stops, and nothing that happened meanwhile is lost', async () => {
    const path = join(folder, 'docker.sock');
    const gate = await createGate(path);
    const collected = createCollected();
    const runtimes = createRuntimeStates();
    const { workloads } = collected;
    const collector = createDockerCollector({ address: { kind: 'socket', path }, workloads, runtimes });
    const running = await collector.start(collected.context);
    expect(collected.statuses.at(-1)).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('No Docker was found'),
    });
    expect(runtimes.all()).toEqual([]);

    await gate.open();
    await expect.poll(() => runtimes.all()[0]?.state, soon).toBe('ok');
    expect(collected.statuses.at(-1)?.state).toBe('running');
    const names = [`parapet-gap-a-${process.pid}`, `parapet-gap-b-${process.pid}`];
    const image = await buildBusyboxImage();
    const brief = async (name = ''): Promise<void> => {
      await docker('run', '--rm', '--label', testLabel, '--name', name, image, 'sh', '-c', 'exit 3').catch(() => '');
    };
    await brief(names[0]);
    const find = (name = '') =>
      collected.history.findLast((record) => record.kind === 'container' && record.name === name);
    await expect.poll(() => find(names[0]), soon).toMatchObject({ state: 'removed' });

    await gate.close();
    await expect.poll(() => runtimes.all()[0]?.state, soon).toBe('away');
    expect(collected.statuses.at(-1)).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('does not answer'),
    });
    await brief(names[1]);
    await gate.open();
    await expect.poll(() => runtimes.all()[0]?.state, soon).toBe('ok');
    // Its whole life was told after the fact, by the events Docker kept.
    await expect.poll(() => find(names[1]), soon).toMatchObject({ state: 'removed', exitCode: 3, imageName: image });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(collected.blind).toEqual([]);

    collected.stop();
    await running.stop();
    await gate.close();
  });

  it('says what to do when the socket is not for this user', async () => {
    const collected = createCollected();
    const runtimes = createRuntimeStates();
    const { workloads } = collected;
    // A user without rights gets EACCES; root gets ENOTDIR for a path through a file, which is neither absent nor denied.
    const collector = createDockerCollector({
      address: { kind: 'socket', path: '/etc/passwd/docker.sock' },
      workloads,
      runtimes,
    });
    const running = await collector.start(collected.context);
    expect(collected.statuses.at(-1)).toMatchObject({
      state: 'refused',
      reason: expect.stringContaining('/etc/passwd/docker.sock'),
    });
    expect(runtimes.all()[0]?.state).toBe('away');
    collected.stop();
    await running.stop();
  });
});
