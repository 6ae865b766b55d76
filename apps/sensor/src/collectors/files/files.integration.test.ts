import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventKinds, type TelemetryEvent } from '@parapet/contract/telemetry';
import { bareContainer } from '@parapet/contract/wire';
import { fail, ok } from '@parapet/core';
import { type FileWatch, KernelError, openFileWatch } from '@parapet/kernel';
import { describeWith, root } from '@parapet/testkit';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createKernelWatch } from '../../kernel-watch/kernel-watch.ts';
import { readStat } from '../../proc/process-files.ts';
import { type Collected, createCollected } from '../testing/collected.ts';
import type { KnownContainer } from '../workload-directory.ts';
import { type FileCollectorDeps, startFileCollector } from './file-collector.ts';

const patience = { timeout: 180_000, interval: 50 };
let rootPath: string;

beforeEach(() => {
  rootPath = realpathSync(mkdtempSync(join(tmpdir(), 'files-')));
  for (const folder of ['etc/deep', 'root', 'home/ann', 'srv']) mkdirSync(join(rootPath, folder), { recursive: true });
});
afterEach(() => rmSync(rootPath, { recursive: true, force: true }));

const start = async (more: Partial<FileCollectorDeps> = {}, collected = createCollected()) => {
  const kernel = createKernelWatch({ cpuCores: undefined });
  const deps = { kernel, rootPath, paths: ['/etc', '/root/.ssh', '/home/*/.ssh'], cpuCores: undefined, ...more };
  const running = startFileCollector(deps, collected.context);
  await running.whenWatched;
  return { collected, running };
};

/** What happened to files as `action path -> target`, in order. */
const changesOf = ({ telemetry }: Collected): string[] => telemetry.events.map(lineOf);
const lineOf = (event: TelemetryEvent): string =>
  [event['event.action'], event['file.path'], event['file.target_path'] && `-> ${event['file.target_path']}`]
    .filter((word) => word !== undefined)
    .join(' ');

const noSuchDevice = 19;
/** Below this folder marks that need names are refused, as older kernels do. */
const withoutNamesBelow =
  (path: string): typeof openFileWatch =>
  (method) => {
    const opened = openFileWatch(method);
    if (!opened.ok || method === 'files') return opened;
    const mark: FileWatch['mark'] = (folder, wanted) =>
      readlinkSync(`/proc/self/fd/${folder}`).startsWith(path)
        ? fail(new KernelError('fanotify_mark', noSuchDevice))
        : opened.value.mark(folder, wanted);
    return ok({ ...opened.value, mark });
  };

const expectWhole = ({ telemetry }: Collected): void => {
  const account = telemetry.accounts.at(-1);
  const lost = account?.lost.reduce((sum, { count }) => sum + count, 0) ?? 0;
  expect(account?.told).toBe(telemetry.events.length);
  expect(account?.produced).toBe((account?.told ?? 0) + (account?.unwanted ?? 0) + lost);
};

describeWith([root], 'the files collector', () => {
  it('tells what happened to files of watched folders, in order, and who did it', async () => {
    const { collected, running } = await start();
    const key = `${process.pid}:${readStat('/proc', process.pid)?.startTicks}`;
    collected.workloads.setProcessSource({
      process: (pid) => ({ key, pid, executable: '/opt/tester', containerKey: undefined }),
      markSocketOwner: () => {},
    });
    const at = (path: string): string => join(rootPath, path);
    writeFileSync(at('etc/one'), 'text');
    chmodSync(at('etc/one'), 0o600);
    renameSync(at('etc/one'), at('etc/deep/two'));
    unlinkSync(at('etc/deep/two'));
    writeFileSync(at('srv/beside'), 'not watched');
    renameSync(at('srv/beside'), at('etc/came'));
    renameSync(at('etc/came'), at('srv/went'));
    await running.stop();
    expect(changesOf(collected)).toEqual([
      ...['file-create /etc/one', 'file-write /etc/one', 'file-permission /etc/one'],
      ...['file-rename /etc/one -> /etc/deep/two', 'file-delete /etc/deep/two'],
      ...['file-rename -> /etc/came', 'file-rename /etc/came'],
    ]);
    expect(collected.telemetry.events[0]).toMatchObject({
      ...{ 'parapet.source': 'fanotify', 'process.pid': process.pid, 'user.id': 0, 'user.name': 'root' },
      'process.entity_id': key,
      'process.executable': '/opt/tester',
    });
    expectWhole(collected);
    expect(collected.losses).toEqual([]);
  });

  it('follows folders that appear, with what lay in them already, move and go', async () => {
    const { collected, running } = await start();
    const at = (path: string): string => join(rootPath, path);
    mkdirSync(at('root/.ssh'));
    writeFileSync(at('root/.ssh/authorized_keys'), 'made before its folder was watched');
    mkdirSync(at('home/bob/.ssh'), { recursive: true });
    mkdirSync(at('home/bob/papers'));
    await vi.waitFor(() => {
      expect(changesOf(collected)).toContain('file-create /root/.ssh/authorized_keys');
      expect(changesOf(collected)).toContain('file-create /home/bob/.ssh');
    }, patience);
    renameSync(at('etc/deep'), at('etc/moved'));
    await vi.waitFor(() => expect(changesOf(collected)).toContain('file-rename /etc/deep -> /etc/moved'), patience);
    writeFileSync(at('etc/moved/file'), 'seen by its new name');
    writeFileSync(at('home/bob/papers/private'), 'not watched');
    renameSync(at('etc/moved'), at('srv/moved'));
    writeFileSync(at('srv/moved/file'), 'no longer watched');
    await running.stop();
    expect(changesOf(collected)).toContain('file-create /etc/moved/file');
    expect(changesOf(collected).filter((line) => line.includes('papers') || line.includes('srv'))).toEqual([]);
    expectWhole(collected);
  });

  it('takes its marks out of the kernel while nothing of files is wanted, says so, and watches anew when something is', async () => {
    const collected = createCollected();
    const { off } = collected.telemetry;
    for (const action of eventKinds.file) off.add(action);
    const { running } = await start({}, collected);
    const marks = (): number => marksBelow(rootPath);
    expect(collected.statuses.at(-1)).toMatchObject({ state: 'running', reason: expect.stringContaining('policy') });
    expect(marks()).toBe(0);
    off.delete('file-write');
    await vi.waitFor(() => expect(marks()).toBeGreaterThan(0), patience);
    await vi.waitFor(() => expect(collected.blind.at(-1)?.endedAt).toBeDefined(), patience);
    writeFileSync(join(rootPath, 'etc/one'), 'text');
    await vi.waitFor(() => expect(changesOf(collected)).toEqual(['file-write /etc/one']), patience);
    off.add('file-write');
    await vi.waitFor(() => expect(marks()).toBe(0), patience);
    await running.stop();
    expectWhole(collected);
  });

  it('tells on older kernels what was written', async () => {
    const { collected, running } = await start({ methods: ['files'] });
    writeFileSync(join(rootPath, 'etc/one'), 'text');
    writeFileSync(join(rootPath, 'srv/one'), 'not watched');
    await running.stop();
    expect(changesOf(collected)).toEqual(['file-write /etc/one']);
    expect(collected.statuses.at(-1)).toMatchObject({ state: 'degraded', reason: expect.stringContaining('written') });
    expectWhole(collected);
  });

  it('tells all of the rest where one file system cannot name its folders, as a tmpfs before Linux 5.13, and what is written there', async () => {
    const { collected, running } = await start({ openWatch: withoutNamesBelow(join(rootPath, 'etc/deep')) });
    for (const folder of ['etc/deep', 'etc']) writeFileSync(join(rootPath, folder, 'one'), 'text');
    unlinkSync(join(rootPath, 'etc/one'));
    await vi.waitFor(
      () =>
        expect(changesOf(collected).toSorted()).toEqual([
          ...['file-create /etc/one', 'file-delete /etc/one', 'file-write /etc/deep/one', 'file-write /etc/one'],
        ]),
      patience,
    );
    const degraded = { state: 'degraded', reason: expect.stringContaining('tmpfs') };
    await vi.waitFor(() => expect(collected.statuses.at(-1)).toMatchObject(degraded), patience);
    await running.stop();
    expect(collected.statuses.at(-1)?.reason).not.toContain('ENODEV');
    expectWhole(collected);
  });

  it('counts what the kernel dropped and what one workload has too much of, and says since when it is blind', async () => {
    const queue = Number(readFileSync('/proc/sys/fs/fanotify/max_queued_events', 'latin1'));
    const { collected, running } = await start();
    // Nothing is read meanwhile: this thread is the reader.
    for (let number = 0; number < Math.min(queue, 50_000) + 1000; number += 1)
      writeFileSync(join(rootPath, `etc/deep/${number}`), '');
    await vi.waitFor(() => {
      const dropped = collected.blind.find(({ cause }) => cause.includes('dropped'));
      expect(dropped?.endedAt).toBeDefined();
    }, patience);
    await running.stop();
    const causes = collected.telemetry.accounts.at(-1)?.lost.map(({ cause }) => cause);
    expect(causes).toEqual(expect.arrayContaining(['queue of file events full', 'too many changes in one workload']));
    expectWhole(collected);
  });

  it('says that the host’s files are not watched yet while their folders are looked for, and that they are when it is done', async () => {
    for (let number = 0; number < 300; number += 1) mkdirSync(join(rootPath, `etc/deep/${number}`));
    const collected = createCollected();
    const before = Date.now();
    // Walks in turns of a timer, so nothing is found before this test goes on.
    const running = startFileCollector(
      { kernel: createKernelWatch({ cpuCores: undefined }), rootPath, paths: ['/etc'], cpuCores: undefined },
      collected.context,
    );
    const begun = [...collected.blind];
    expect(begun).toMatchObject([{ cause: 'The host’s files were not watched yet.' }]);
    expect(begun[0]?.endedAt).toBeUndefined();
    expect(begun[0]?.since).toBeGreaterThanOrEqual(before);
    await running.whenWatched;
    expect(collected.blind.length).toBe(1);
    expect(begun[0]?.endedAt).toBeGreaterThanOrEqual(begun[0]?.since ?? Number.POSITIVE_INFINITY);
    await running.stop();
  });

  it('ends what it was blind to when it is stopped while it looks for folders', async () => {
    const collected = createCollected();
    const running = startFileCollector(
      { kernel: createKernelWatch({ cpuCores: undefined }), rootPath, paths: ['/etc'], cpuCores: undefined },
      collected.context,
    );
    await running.stop();
    expect(collected.blind).toMatchObject([{ endedAt: expect.any(Number) }]);
  });

  it('says that it was blind to a container that was over before its folders could be watched', async () => {
    const { collected, running } = await start();
    const startedAt = Date.now() + 1000;
    const life = { ...bareContainer, kind: 'container', key: 'docker:a', runtimeId: 'a', startedAt } as const;
    collected.workloads.endLife({
      ...life,
      runtime: 'docker',
      name: 'a',
      imageName: '',
      state: 'exited',
      endedAt: startedAt + 60,
    });
    await running.stop();
    expect(collected.blind.filter(({ cause }) => cause.includes('container'))).toMatchObject([
      { since: startedAt, endedAt: startedAt + 60 },
    ]);
  });

  it('watches inside a container, names it, and follows none of its links out', async () => {
    const collected = createCollected();
    const inside = join(rootPath, 'srv');
    const script = [
      `mount -t tmpfs none ${inside} && cd ${inside} && mkdir upper work merged`,
      'mount -t overlay none -o lowerdir=/,upperdir=upper,workdir=work merged',
      `ln -s ${rootPath}/etc merged/etc/parapet-link && exec chroot merged /bin/sh -c 'echo ready; while read -r line; do eval "$line"; done'`,
    ].join('; ');
    const child = spawn('unshare', ['--mount', '/bin/sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const pid = child.pid ?? 0;
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const container = containerWith(pid);
    collected.workloads.setProcessSource({
      process: () => ({ key: `${pid}:0`, pid, executable: '/bin/sh', containerKey: container.key }),
      markSocketOwner: () => {},
    });
    const { running } = await start({ paths: ['/etc'] }, collected);
    collected.workloads.setContainer(container);
    await vi.waitFor(() => expect(collected.blind.at(-1)?.cause).toContain('container'), patience);
    child.stdin.end('echo text > /etc/parapet-inside; echo text > /etc/parapet-link/through\n');
    await new Promise((resolve) => child.once('exit', resolve));
    collected.workloads.removeContainer(container.key);
    await running.stop();
    const ofContainer = collected.telemetry.events.filter((event) => event['container.id'] === 'c1');
    expect(ofContainer.map(lineOf)).toEqual([...['file-create /etc/parapet-inside', 'file-write /etc/parapet-inside']]);
    expect(ofContainer[0]).toMatchObject({ 'process.pid': pid, 'process.name': 'sh' });
    expectWhole(collected);
  });
});

/** Folders below a root that this process has marked, as `/proc/self/fdinfo` tells of its watches (fanotify(7)). */
const marksBelow = (folder: string): number => {
  const inodes = new Set(['', 'etc', 'etc/deep'].map((path) => statSync(join(folder, path)).ino.toString(16)));
  const infos = readdirSync('/proc/self/fdinfo').map((fd) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
    } catch {
      // The one that the listing itself was read by.
      return '';
    }
  });
  return infos
    .flatMap((text) => [...text.matchAll(/^fanotify ino:([0-9a-f]+)/gm)])
    .filter(([, inode]) => inodes.has(inode ?? '')).length;
};

const containerWith = (pid: number): KnownContainer => ({
  key: 'docker:c1',
  pid,
  record: {
    ...bareContainer,
    ...{ kind: 'container', key: 'docker:c1', startedAt: Date.now(), runtime: 'docker', runtimeId: 'c1' },
    ...{ name: 'one', state: 'running', imageName: 'test', pid },
  },
});
