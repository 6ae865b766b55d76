import type { ProbedProcess } from '@parapet/kernel';
import { expect, it } from 'vitest';
import type { ConnectorEvent } from '../../kernel-watch/connector-watch.ts';
import { createWorkloadDirectory } from '../workload-directory-store.ts';
import { createBriefLives } from './brief-lives.ts';

const id = 'c0ffee'.padEnd(64, '1');
const podman = [`libpod-${id}.scope`, 'machine.slice'];

const createStage = () => {
  const workloads = createWorkloadDirectory();
  const told: string[] = [];
  workloads.onLifeEnded(({ key, startedAt, endedAt }) => told.push(`${key.slice(0, 13)} ${startedAt}-${endedAt}`));
  const lives = createBriefLives({ workloads, endLife: workloads.endLife, wallTimeUs: (atNs) => Number(atNs) / 1000 });
  const event = (kind: ConnectorEvent['kind'], atMs: number, pid: number, cgroups: readonly string[] = podman) =>
    lives.take({
      ...{ kind, atNs: BigInt(atMs) * 1_000_000n, cpu: 0, exitCode: 0, signal: 0, start: undefined },
      process: { pid, cgroups } as ProbedProcess,
    } as ConnectorEvent);
  return { workloads, told, lives, event };
};

it('tells the life of a container that nobody reported, once its last process ended', () => {
  const { told, lives, event } = createStage();
  event('fork', 1000, 5);
  event('start', 1010, 5);
  event('fork', 1020, 6);
  event('exit', 1050, 5);
  expect(told).toEqual([]);
  event('exit', 1070, 6);
  event('exit', 1080, 7);
  expect(told).toEqual(['podman:c0ffee 1000-1070']);
  expect(lives.size()).toBe(0);
});

it.each([
  ['containerd', [`cri-containerd-${id}.scope`, 'kubepods-pod1.slice', 'kubepods.slice']],
  ['cri-o', [`crio-${id}.scope`, 'kubepods.slice']],
  ['podman', [`libpod-${id}`, 'libpod_parent']],
  ['unknown', [id, 'default']],
])('knows one of %s by its cgroup', (runtime, cgroups) => {
  const { told, event } = createStage();
  event('start', 1000, 5, cgroups);
  event('exit', 1100, 5, cgroups);
  expect(told).toEqual([`${`${runtime}:c0ffee`.padEnd(13, '1').slice(0, 13)} 1000-1100`]);
});

it('leaves alone what Docker tells of, processes of the host, helpers, and what was reported', () => {
  const { workloads, told, event } = createStage();
  for (const cgroups of [
    [`docker-${id}.scope`, 'system.slice'],
    [id, 'docker'],
    ['ssh.service'],
    [`libpod-conmon-${id}.scope`],
  ]) {
    event('start', 1000, 5, cgroups);
    event('exit', 1100, 5, cgroups);
  }
  const record = { runtimeId: id } as Parameters<typeof workloads.setContainer>[0]['record'];
  event('start', 1000, 8);
  workloads.setContainer({ key: 'podman:x', record, pid: undefined });
  event('fork', 1001, 9);
  workloads.removeContainer('podman:x');
  event('exit', 1100, 8);
  event('exit', 1200, 9);
  expect(told).toEqual([]);
});

it('holds a bounded number, and tells what it lets go', () => {
  const { told, lives, event } = createStage();
  for (let at = 0; at < 1030; at += 1) event('start', 1000 + at, at, [`libpod-${String(at).padStart(64, '0')}.scope`]);
  expect(lives.size()).toBe(1024);
  expect(told).toHaveLength(6);
});
