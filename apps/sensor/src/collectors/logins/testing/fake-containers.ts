import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bareContainer } from '@parapet/contract/wire';
import { openRootFolder } from '@parapet/kernel';
import { readMounts } from '../../../proc/process-root.ts';
import type { WorkloadDirectoryStore } from '../../workload-directory-store.ts';

/** Folders that pass for the roots of running containers, with a folder that passes for /proc. */
export type FakeContainers = {
  readonly procPath: string;
  /** Makes its root where there is none; returns it. */
  readonly start: (
    name: string,
    more?: {
      readonly startedAt?: number;
      /** The host’s own root instead. */
      readonly isHost?: boolean;
      /** Its root is an overlay that keeps what is written there in its folder. */
      readonly isOverlay?: boolean;
    },
  ) => string;
  readonly stop: (name: string) => void;
  readonly runtimeId: (name: string) => string;
};

const overlay = (root: string): string => {
  using folder = openRootFolder(root);
  return `${folder.mountId()} 1 0:99 / / rw - overlay overlay rw,lowerdir=/a,upperdir=${root},workdir=/w\n`;
};

export const createFakeContainers = (
  folder: string,
  workloads: WorkloadDirectoryStore,
  procPath = join(folder, 'proc'),
): FakeContainers => {
  mkdirSync(join(procPath, '1'), { recursive: true });
  rmSync(join(procPath, '1/root'), { force: true });
  symlinkSync('/', join(procPath, '1/root'));
  const pids = new Map<number, string>();
  let lastPid = 1000;
  workloads.setProcessSource({
    process: (pid) => {
      const containerKey = pids.get(pid);
      return containerKey === undefined ? undefined : { key: `${pid}:1`, pid, executable: '/bin/init', containerKey };
    },
    markSocketOwner: () => {},
  });
  const runtimeId = (name: string): string => Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64);
  return {
    procPath,
    runtimeId,
    start: (name, { startedAt = Date.now(), isHost = false, isOverlay = false } = {}) => {
      lastPid += 1;
      const pid = lastPid;
      const root = join(folder, 'roots', name);
      for (const below of ['var/log', 'etc']) mkdirSync(join(root, below), { recursive: true });
      mkdirSync(join(procPath, String(pid)), { recursive: true });
      rmSync(join(procPath, String(pid), 'root'), { force: true });
      symlinkSync(isHost ? '/' : root, join(procPath, String(pid), 'root'));
      writeFileSync(join(procPath, String(pid), 'mountinfo'), isOverlay ? overlay(root) : readMounts('/proc', 'self'));
      const key = runtimeId(name);
      pids.set(pid, key);
      const about = { kind: 'container', runtime: 'docker', state: 'running', imageName: 'box:1' } as const;
      const record = { ...bareContainer, ...about, key, runtimeId: key, name, startedAt, pid };
      workloads.setContainer({ key, pid, record });
      return root;
    },
    stop: (name) => {
      const pid = workloads.container(runtimeId(name))?.pid;
      if (pid !== undefined) rmSync(join(procPath, String(pid)), { recursive: true });
      workloads.removeContainer(runtimeId(name));
    },
  };
};
