import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findContainerProcess } from '../../proc/container-root.ts';
import { createStoredWorkloads, type StoredWorkload, type StoredWorkloadsStore } from '../stored-workloads.ts';
import { createCollected } from '../testing/collected.ts';
import { createContainerResolver } from './container-resolver.ts';

const id = 'ab'.repeat(32);
let folder = '';
let collected: ReturnType<typeof createCollected>;
let stored: StoredWorkloadsStore;

/** A process of a made /proc whose root is a folder of its own, or another's. */
const addProcess = (pid: number, cgroup: string, root = `root-${pid}`): void => {
  mkdirSync(join(folder, 'proc', String(pid)), { recursive: true });
  mkdirSync(join(folder, root), { recursive: true });
  symlinkSync(join(folder, root), join(folder, 'proc', String(pid), 'root'));
  writeFileSync(join(folder, 'proc', String(pid), 'cgroup'), `0::${cgroup}\n`);
  const rest = [...Array<string>(18).fill('0'), String(pid * 10), ...Array<string>(30).fill('0')].join(' ');
  writeFileSync(join(folder, 'proc', String(pid), 'stat'), `${pid} (app) S ${rest}\n`);
};
const endProcess = (pid: number): void => rmSync(join(folder, 'proc', String(pid)), { recursive: true });
const install = (root: string, text: string): void => {
  mkdirSync(join(folder, root, 'var/lib/dpkg'), { recursive: true });
  writeFileSync(join(folder, root, 'var/lib/dpkg/status'), text);
};
const resolver = () =>
  createContainerResolver({
    procPath: join(folder, 'proc'),
    workloads: collected.workloads,
    stored,
    clock: collected.context.clock,
    inventory: collected.context.inventory,
    onTooMany: () => undefined,
  });
const databases = (key: string) =>
  collected.latest('container', key)?.packageDatabases.map(({ path, sizeBytes }) => [path, sizeBytes]);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-resolver-'));
  collected = createCollected();
  stored = createStoredWorkloads();
  addProcess(1, '/init.scope', 'host');
  install('host', 'the host');
});
afterEach(() => {
  collected.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a container that no runtime tells of', () => {
  it('is told with its package databases, and again when they change', () => {
    addProcess(42, `/system.slice/cri-containerd-${id}.scope`);
    install('root-42', 'one');
    const containers = resolver();
    expect(containers.claim(42, 1000)).toBe(`containerd:${id}`);
    expect(databases(`containerd:${id}`)).toEqual([['/var/lib/dpkg/status', 3]]);

    install('root-42', 'three');
    containers.refreshPackages(1500);
    expect(databases(`containerd:${id}`)).toEqual([['/var/lib/dpkg/status', 3]]);
    containers.refreshPackages(100_000);
    expect(databases(`containerd:${id}`)).toEqual([['/var/lib/dpkg/status', 5]]);
    expect(containers.yieldToRuntimes(100_000)).toEqual([]);
  });

  it('is looked at by another process when the first one is gone', () => {
    addProcess(42, `/machine.slice/libpod-${id}.scope`);
    const containers = resolver();
    expect(containers.claim(42, 1000)).toBe(`podman:${id}`);
    expect(databases(`podman:${id}`)).toEqual([]);
    addProcess(43, `/machine.slice/libpod-${id}.scope`, 'root-42');
    endProcess(42);
    install('root-42', 'later');
    containers.refreshPackages(100_000);
    expect(databases(`podman:${id}`)).toEqual([['/var/lib/dpkg/status', 5]]);
    // Of one that is gone nothing changes.
    endProcess(43);
    containers.refreshPackages(200_000);
    expect(databases(`podman:${id}`)).toEqual([['/var/lib/dpkg/status', 5]]);
  });

  it.each([
    ['lives in the host’s own files', `/kubepods/${id}`, 'host', `unknown:${id}`],
    ['is Docker’s, which tells it soon', `/docker/${id}`, 'root-42', `docker:${id}`],
  ])('has no packages of its own when it %s', (_, cgroup, root, key) => {
    addProcess(42, cgroup, root);
    install('root-42', 'one');
    const containers = resolver();
    expect(containers.claim(42, 1000)).toBe(key);
    containers.refreshPackages(100_000);
    expect(databases(key)).toEqual([]);
  });
});

describe('a container that its engine’s store knows', () => {
  const told = (changes: Partial<StoredWorkload> = {}): StoredWorkload => ({
    id,
    engine: 'containerd',
    name: 'shop-1/web',
    imageName: 'registry.example/shop/web:2',
    configDigest: `sha256:${'cd'.repeat(32)}`,
    labels: { app: 'shop' },
    upperDir: join(folder, 'upper'),
    ...changes,
  });
  const tell = (...workloads: readonly StoredWorkload[]): void =>
    stored.set({ containers: new Map(workloads.map((one) => [one.id, one])), images: new Map(), isWatched: true });

  it('has its name and image, and as its own packages what it wrote since', () => {
    addProcess(42, `/kubepods/${id}`);
    install('root-42', 'of the image');
    tell(told());
    const containers = resolver();
    expect(containers.claim(42, 1000)).toBe(`unknown:${id}`);
    expect(collected.latest('container', `unknown:${id}`)).toMatchObject({
      ...{ runtime: 'containerd', name: 'shop-1/web', labels: { app: 'shop' }, startInferred: true },
      ...{ imageName: 'registry.example/shop/web:2', imageDigest: `sha256:${'cd'.repeat(32)}`, packageDatabases: [] },
    });
    install('upper', 'more');
    containers.refreshPackages(100_000);
    expect(databases(`unknown:${id}`)).toEqual([['/var/lib/dpkg/status', 4]]);
  });

  it('is asked for again when its process came first, and is not read meanwhile', () => {
    addProcess(42, `/system.slice/cri-containerd-${id}.scope`);
    install('root-42', 'of the image');
    tell();
    let asked = 0;
    stored.onUnknown(() => {
      asked += 1;
    });
    const containers = resolver();
    const key = containers.claim(42, 1000) ?? '';
    expect([asked, databases(key), collected.latest('container', key)?.imageName]).toEqual([1, [], '']);
    tell(told());
    containers.refreshStored();
    containers.refreshPackages(2000);
    expect(collected.latest('container', key)).toMatchObject({ imageName: 'registry.example/shop/web:2' });
    expect(databases(key)).toEqual([]);
  });

  it('is read whole where nobody told its image in time', () => {
    addProcess(42, `/system.slice/cri-containerd-${id}.scope`);
    install('root-42', 'whole');
    tell();
    const containers = resolver();
    const key = containers.claim(42, 1000) ?? '';
    containers.refreshPackages(100_000);
    expect(databases(key)).toEqual([['/var/lib/dpkg/status', 5]]);
  });

  it('keeps its image when that is deleted in its store', () => {
    addProcess(42, `/system.slice/cri-containerd-${id}.scope`);
    tell(told());
    const containers = resolver();
    const key = containers.claim(42, 1000) ?? '';
    const { configDigest: _, ...without } = told();
    tell(without);
    containers.refreshStored();
    tell();
    containers.refreshStored();
    expect(collected.latest('container', key)).toMatchObject({ imageDigest: `sha256:${'cd'.repeat(32)}` });
  });
});

describe('the process by which a container is read', () => {
  it('is the oldest of it with a root of its own', () => {
    addProcess(7, `/crio-${id}.scope`, 'host');
    addProcess(9, `/crio-${id}.scope/crio-${'cd'.repeat(32)}.scope`);
    addProcess(30, `/crio-${id}.scope`);
    addProcess(200, `/crio-${id}.scope`);
    expect(findContainerProcess(join(folder, 'proc'), id)).toEqual({ pid: 30, startTicks: 300 });
    expect(findContainerProcess(join(folder, 'proc'), 'ef'.repeat(32))).toBeUndefined();
  });
});
