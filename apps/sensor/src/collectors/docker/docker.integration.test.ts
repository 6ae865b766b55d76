import { buildBusyboxImage, describeWith, docker, dockerDaemon, dockerSocketPath } from '@parapet/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RunningCollector } from '../collector.ts';
import { createRuntimeStates, type RuntimeStates } from '../runtime-states.ts';
import { type Collected, createCollected } from '../testing/collected.ts';
import { createDockerCollector } from './index.ts';

const socketPath = dockerSocketPath() ?? '';
const soon = { timeout: 180_000, interval: 20 };

const run = (...args: string[]): Promise<string> => docker('run', '--label', 'parapet.test=1', ...args);

describeWith([dockerDaemon], 'the docker collector', () => {
  const made: string[] = [];
  let image: string;
  let collected: Collected;
  let runtimes: RuntimeStates;
  let running: RunningCollector;

  beforeAll(async () => {
    image = await buildBusyboxImage();
  });
  beforeEach(async () => {
    collected = createCollected();
    runtimes = createRuntimeStates();
    const { workloads } = collected;
    const collector = createDockerCollector({ address: { kind: 'socket', path: socketPath }, workloads, runtimes });
    running = await collector.start(collected.context);
  });
  afterEach(async () => {
    collected.stop();
    await running.stop();
  });
  afterAll(async () => {
    for (const id of made) await docker('rm', '-f', id).catch(() => '');
  });

  const start = async (...args: string[]): Promise<string> => {
    const id = await run('-d', ...args);
    made.push(id);
    return id;
  };
  const recordOf = (id: string) => collected.latest('container', `docker:${id}`);

  it('tells the runtime, its images and its containers from the first view on', async () => {
    expect(runtimes.all()[0]).toMatchObject({ name: 'docker', state: 'ok' });
    expect(collected.statuses.at(-1)).toMatchObject({ state: 'running' });
    const imageId = await docker('image', 'inspect', '-f', '{{.Id}}', image);
    expect(collected.latest('image', imageId)).toMatchObject({ tags: [image], runtime: 'docker' });
  });

  it('follows a container through its life', async () => {
    const id = await start(
      '--name',
      `parapet-life-${process.pid}`,
      '-e',
      'A=b',
      '--label',
      'app=x',
      '-p',
      '127.0.0.1::80',
      '--cap-add',
      'NET_ADMIN',
      '-v',
      '/etc:/host-etc:ro',
      image,
      'sleep',
      '600',
    );
    await expect.poll(() => recordOf(id)?.state, soon).toBe('running');
    const imageId = await docker('image', 'inspect', '-f', '{{.Id}}', image);
    const record = recordOf(id);
    expect(record).toMatchObject({
      runtimeId: id,
      name: `parapet-life-${process.pid}`,
      imageName: image,
      imageDigest: imageId,
      labels: { 'parapet.test': '1', app: 'x' },
      privilege: {
        privileged: false,
        capabilitiesAdded: [expect.stringContaining('NET_ADMIN')],
        hostMounts: [{ source: '/etc', target: '/host-etc', writable: false }],
        runtimeSocket: false,
      },
    });
    expect(record?.pid).toBeGreaterThan(0);
    expect(record?.endedAt).toBeUndefined();
    expect(record?.networks[0]?.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(record?.ports[0]).toMatchObject({ protocol: 'tcp', containerPort: 80, hostAddress: '127.0.0.1' });
    expect(collected.workloads.container(`docker:${id}`)?.pid).toBe(record?.pid);

    await docker('pause', id);
    await expect.poll(() => recordOf(id)?.state, soon).toBe('paused');
    await docker('unpause', id);
    await expect.poll(() => recordOf(id)?.state, soon).toBe('running');
    await docker('rename', id, `parapet-renamed-${process.pid}`);
    await expect.poll(() => recordOf(id)?.name, soon).toBe(`parapet-renamed-${process.pid}`);

    await docker('kill', id);
    await expect.poll(() => recordOf(id), soon).toMatchObject({ state: 'exited', exitCode: 137 });
    expect(recordOf(id)?.endedAt).toBeGreaterThanOrEqual(recordOf(id)?.startedAt ?? 0);
    expect(collected.workloads.container(`docker:${id}`)).toBeUndefined();

    await docker('start', id);
    await expect.poll(() => recordOf(id)?.state, soon).toBe('running');
    expect(recordOf(id)?.endedAt).toBeUndefined();
    expect(recordOf(id)?.startedAt).toBeGreaterThan(record?.startedAt ?? 0);

    await docker('rm', '-f', id);
    await expect.poll(() => recordOf(id)?.state, soon).toBe('removed');
    expect(recordOf(id)?.endedAt).toBeDefined();
  });

  it('has a container on record that lived 200 ms and removed itself, with image and exit code', async () => {
    const name = `parapet-brief-${process.pid}`;
    const began = Date.now();
    await expect(run('--rm', '--name', name, image, 'sh', '-c', 'sleep 0.2; exit 7')).rejects.toThrow();
    const find = () => collected.history.findLast((record) => record.kind === 'container' && record.name === name);
    await expect.poll(find, soon).toMatchObject({ state: 'removed', exitCode: 7, imageName: image });
    const imageId = await docker('image', 'inspect', '-f', '{{.Id}}', image);
    const record = find();
    expect(record).toMatchObject({ imageDigest: imageId });
    expect(record?.startedAt).toBeGreaterThanOrEqual(began);
    expect(record?.endedAt).toBeGreaterThanOrEqual(record?.startedAt ?? 0);
    expect(record?.endedAt).toBeLessThanOrEqual(Date.now());
  });

  it('loses none of many brief containers', async () => {
    const names = Array.from({ length: 8 }, (_, at) => `parapet-many-${process.pid}-${at}`);
    await Promise.all(names.map((name) => run('--rm', '--name', name, image, 'true')));
    for (const name of names) {
      await expect
        .poll(() => collected.history.findLast((record) => record.kind === 'container' && record.name === name), soon)
        .toMatchObject({ state: 'removed', exitCode: 0, imageName: image });
    }
  });

  it('sees packages installed in a running container', async () => {
    const id = await start(image, 'sleep', '600');
    await expect.poll(() => recordOf(id)?.state, soon).toBe('running');
    expect(recordOf(id)?.packageDatabases).toEqual([]);
    await docker('exec', id, 'sh', '-c', 'mkdir -p /var/lib/dpkg && echo x > /var/lib/dpkg/status');
    await docker('pause', id);
    await expect
      .poll(() => recordOf(id)?.packageDatabases[0], soon)
      .toMatchObject({ path: '/var/lib/dpkg/status', sizeBytes: 2 });
    await docker('unpause', id);
    await docker('rm', '-f', id);
  });

  it('follows images that are tagged and removed', async () => {
    const id = await start(image, 'sh', '-c', 'echo x > /x');
    await docker('wait', id);
    const made = await docker('commit', '-c', 'LABEL parapet.test=1', id, `parapet-test-commit-${process.pid}:1`);
    await expect
      .poll(() => collected.latest('image', made)?.tags, soon)
      .toEqual([`parapet-test-commit-${process.pid}:1`]);
    await docker('rm', '-f', id);
    await docker('rmi', '-f', made);
    await expect.poll(() => collected.latest('image', made)?.endedAt, soon).toBeDefined();
  });

  it('sees containers that were there before it started, and those that vanished while it was away', async () => {
    const id = await start(image, 'sleep', '600');
    await expect.poll(() => recordOf(id)?.state, soon).toBe('running');
    collected.stop();
    await running.stop();
    const second = createCollected();
    const collector = createDockerCollector({
      address: { kind: 'socket', path: socketPath },
      workloads: second.workloads,
      runtimes,
    });
    const again = await collector.start(second.context);
    expect(second.latest('container', `docker:${id}`)?.state).toBe('running');
    await docker('rm', '-f', id);
    await expect.poll(() => second.latest('container', `docker:${id}`)?.state, soon).toBe('removed');
    second.stop();
    await again.stop();
  });
});
