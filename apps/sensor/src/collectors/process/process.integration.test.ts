import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
} from '@parapet/testkit';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { readStat } from '../../proc/process-files.ts';
import type { RunningCollector } from '../collector.ts';
import { createDockerCollector } from '../docker/index.ts';
import { createRuntimeStates } from '../runtime-states.ts';
import { type Collected, createCollected } from '../testing/collected.ts';
import { createProcessCollector } from './index.ts';

const soon = { timeout: 180_000, interval: 50 };
const socketPath = dockerSocketPath() ?? '';

const keyOf = (pid: number): string => `${pid}:${readStat('/proc', pid)?.startTicks}`;

describeWith([root], 'the process collector', () => {
  const children: ChildProcess[] = [];
  let collected: Collected;
  let running: RunningCollector;

  beforeEach(() => {
    collected = createCollected();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    collected.stop();
    await running.stop();
  });

  const start = async (reportAfterMs = 0): Promise<void> => {
    running = await createProcessCollector(collected.workloads, { reportAfterMs }).start(collected.context);
  };
  const spawnOne = (command: string, ...args: string[]): number => {
    const child = spawn(command, args, { stdio: 'ignore' });
    children.push(child);
    return child.pid ?? 0;
  };
  const record = (key: string) => collected.latest('process', key);

  it('describes a process, with its secrets masked, and its end with the exit code', async () => {
    const pid = spawnOne('sh', '-c', 'sleep 600; exit 1', 'x', '--password=hunter2');
    const key = keyOf(pid);
    await start();
    await expect
      .poll(() => record(key), soon)
      .toMatchObject({
        pid,
        parentKey: keyOf(process.pid),
        name: 'sh',
        arguments: ['sh', '-c', 'sleep 600; exit 1', 'x', '--password=****'],
        user: { uid: 0, name: 'root' },
      });
    expect(record(key)?.executable).toMatch(/sh$/);
    expect(record(key)?.loadedFiles.some((path) => /libc/.test(path))).toBe(true);
    expect(collected.statuses.at(-1)).toMatchObject({ state: 'running' });
    process.kill(pid, 'SIGTERM');
    await expect.poll(() => record(key), soon).toMatchObject({ exitCode: 143, endedAt: expect.any(Number) });
  });

  it('leaves out what is young, unless it has a socket', async () => {
    await start(600_000);
    const quiet = spawnOne('sleep', '600');
    const talker = spawnOne('sleep', '600');
    const [quietKey, talkerKey] = [keyOf(quiet), keyOf(talker)];
    collected.workloads.markSocketOwner(talker);
    await expect.poll(() => record(talkerKey)?.pid, soon).toBe(talker);
    expect(record(quietKey)).toBeUndefined();
    expect(collected.workloads.process(talker)).toMatchObject({ key: talkerKey, containerKey: undefined });
    expect(collected.workloads.process(2 ** 30)).toBeUndefined();
  });

  it('follows a process that becomes another program', async () => {
    const child = spawn('sh', ['-c', 'read -r _; exec sleep 600'], { stdio: ['pipe', 'ignore', 'ignore'] });
    children.push(child);
    const key = keyOf(child.pid ?? 0);
    await start();
    await expect.poll(() => record(key)?.name, soon).toBe('sh');
    child.stdin.write('go\n');
    await expect.poll(() => record(key)?.name, soon).toBe('sleep');
    expect(record(key)?.arguments).toEqual(['sleep', '600']);
  });

  it('calls a program that executed itself anew by what it is to be', async () => {
    const pid = spawnOne('bash', '-c', 'exec -a applet /proc/self/exe -c "sleep 600; exit 1"');
    await expect.poll(() => readStat('/proc', pid)?.name, soon).toBe('exe');
    const key = keyOf(pid);
    await start();
    await expect
      .poll(() => record(key), soon)
      .toMatchObject({
        name: 'applet',
        executable: expect.stringMatching(/bash$/),
      });
  });

  it('ends what vanished without an event by looking', async () => {
    const pid = spawnOne('sleep', '600');
    const key = keyOf(pid);
    await start();
    await expect.poll(() => record(key)?.pid, soon).toBe(pid);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => record(key)?.endedAt, soon).toBeDefined();
  });
});

describeWith([root, dockerDaemon], 'processes in containers', () => {
  let collected: Collected;
  let image: string;
  let container: string;
  const running: RunningCollector[] = [];

  beforeAll(async () => {
    image = await buildBusyboxImage();
  });
  beforeEach(async () => {
    collected = createCollected();
    container = await runContainer(image, [], ['sleep', '600']);
  });
  afterEach(async () => {
    collected.stop();
    for (const collector of running.splice(0)) await collector.stop();
    await removeContainer(container);
  });

  const start = async (): Promise<void> => {
    const { workloads } = collected;
    const address = { kind: 'socket', path: socketPath } as const;
    const collectors = [
      createDockerCollector({ address, workloads, runtimes: createRuntimeStates() }),
      createProcessCollector(workloads, { reportAfterMs: 0 }),
    ];
    for (const collector of collectors) {
      running.push(await collector.start(collected.context));
    }
  };
  const firstPid = async (): Promise<number> => Number(await docker('inspect', '-f', '{{.State.Pid}}', container));

  it('belong to their container', async () => {
    const key = keyOf(await firstPid());
    await start();
    await expect
      .poll(() => collected.latest('process', key), soon)
      .toMatchObject({
        containerKey: `docker:${container}`,
        namespacePid: 1,
        arguments: ['sleep', '600'],
        user: { uid: 0, name: 'root' },
      });
  });

  it('tell how a command run in the container ended', async () => {
    await start();
    const script = 'until [ -e /end ]; do sleep 1; done; exit 5';
    await docker('exec', '-d', container, 'sh', '-c', script);
    const find = () =>
      collected.history.findLast((record) => record.kind === 'process' && record.arguments.includes(script));
    // The walks that find it come less often where /proc takes longer to read.
    await expect.poll(find, { ...soon, timeout: 180_000 }).toBeDefined();
    await docker('exec', container, 'sh', '-c', ': > /end');
    await expect.poll(find, soon).toMatchObject({
      containerKey: `docker:${container}`,
      exitCode: 5,
      endedAt: expect.any(Number),
    });
  });

  it('belong to a container inside a container, which has a record of its own', async () => {
    const inner = 'f00d'.repeat(16);
    const pid = await firstPid();
    const groups = await makeNestedGroups(pid, inner);
    const innerPid = Number(
      await docker('exec', '-d', container, 'sleep', '500').then(() => waitForArguments(container, '500')),
    );
    for (const group of groups) await writeFile(join(group, 'cgroup.procs'), String(innerPid));
    const key = keyOf(innerPid);
    await start();
    await expect.poll(() => collected.latest('process', key)?.containerKey, soon).toBe(`unknown:${inner}`);
    expect(collected.latest('container', `unknown:${inner}`)).toMatchObject({
      parentKey: `docker:${container}`,
      runtime: 'unknown',
      state: 'running',
    });
    process.kill(innerPid, 'SIGKILL');
    await expect
      .poll(() => collected.latest('container', `unknown:${inner}`), soon)
      .toMatchObject({ state: 'removed' });
    await expect
      .poll(async () => {
        for (const group of groups) await removeFolders(group, join(group, '..', '..'));
        return (
          await Promise.all(
            groups.map((group) =>
              stat(group).then(
                () => 1,
                () => 0,
              ),
            ),
          )
        ).includes(1);
      }, soon)
      .toBe(false);
  });

  it('have a container even while no runtime can be asked', async () => {
    const key = keyOf(await firstPid());
    running.push(await createProcessCollector(collected.workloads, { reportAfterMs: 0 }).start(collected.context));
    await expect.poll(() => collected.latest('process', key)?.containerKey, soon).toBe(`docker:${container}`);
    expect(collected.latest('container', `docker:${container}`)).toMatchObject({ runtime: 'docker', imageName: '' });
  });
});

/** Control groups as a container engine inside the container makes them. */
const makeNestedGroups = async (pid: number, id: string): Promise<string[]> => {
  const groups: string[] = [];
  for (const line of (await readFile(`/proc/${pid}/cgroup`, 'utf8')).trim().split('\n')) {
    const [, controllers = '', path = ''] = line.split(':');
    if (!path.includes('docker')) continue;
    const hierarchy = controllers === '' ? '' : controllers.replace('name=', '');
    const group = join('/sys/fs/cgroup', hierarchy, path, 'docker', id);
    const made = await mkdir(group, { recursive: true }).then(
      () => true,
      () => false,
    );
    // Elsewhere than on a cgroup file system a folder is just a folder; and a cpuset takes no process before it has CPUs.
    const isGroup =
      made &&
      (await stat(join(group, 'cgroup.procs')).then(
        () => true,
        () => false,
      ));
    if (isGroup && hierarchy !== 'cpuset') groups.push(group);
    else if (made) await removeFolders(group, join(group, '..', '..', '..', '..'));
  }
  return groups;
};

/** Removes empty folders upwards, as far as they are empty. */
const removeFolders = async (from: string, upTo: string): Promise<void> => {
  for (let folder = from; folder !== upTo && folder.length > upTo.length; folder = join(folder, '..')) {
    await rmdir(folder).catch(() => {});
  }
};

const waitForArguments = async (container: string, argument: string): Promise<number> => {
  return eventually('the process', async () => {
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const [cmdline, cgroup] = await Promise.all([
        readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => ''),
        readFile(`/proc/${name}/cgroup`, 'utf8').catch(() => ''),
      ]);
      if (cmdline === `sleep\0${argument}\0` && cgroup.includes(container)) return Number(name);
    }
    return undefined;
  });
};
