import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enterOwnGroup, type GroupSurroundings, groupNameOf, killsInGroup } from './own-group.ts';

const limits = { memoryBytes: 200 * 1024 * 1024, cpuCores: 0.2 };
const name = groupNameOf('/var/lib/parapet/sensor');

describe('a group of its own', () => {
  let mount: string;
  let unit: string;
  beforeEach(() => {
    mount = mkdtempSync(join(tmpdir(), 'ppt-groups-'));
    unit = join(mount, 'system.slice/parapet-sensor.service');
    mkdirSync(unit, { recursive: true });
  });
  afterEach(() => rmSync(mount, { recursive: true }));

  const around = (changes: Partial<GroupSurroundings> = {}): GroupSurroundings => ({
    groups: { v1: { memory: undefined, cpu: undefined }, v2: { folder: unit, isRoot: false } },
    name,
    pid: 42,
    isRoot: true,
    hasSystemd: true,
    isDelegated: () => true,
    ...changes,
  });
  const text = (...path: readonly string[]): string => readFileSync(join(mount, ...path), 'utf8');
  const below = ['system.slice/parapet-sensor.service', name];

  it('lies below the unit that was given to it; the limit of processor time waits for the start', () => {
    const group = enterOwnGroup(limits, around());
    expect(group).toMatchObject({
      state: 'running',
      source: '200 MiB of memory and 0.2 cores, own control group (v2)',
    });
    expect(text(...below, 'cgroup.procs')).toBe('42');
    expect(text(...below, 'memory.max')).toBe(String(limits.memoryBytes));
    expect(text(below[0] ?? '', 'cgroup.subtree_control')).toBe('+memory +cpu');
    expect(text(...below, 'cpu.max')).toBe('max 100000');
    group.throttle();
    expect(text(...below, 'cpu.max')).toBe('20000 100000');
    group.leave();
    expect(text(below[0] ?? '', 'cgroup.procs')).toBe('42');
  });

  it('is not made in what systemd owns', () => {
    const group = enterOwnGroup(limits, around({ isDelegated: () => false }));
    expect(group).toMatchObject({ state: 'degraded', reason: expect.stringContaining('MemoryMax and CPUQuota') });
    expect(existsSync(join(mount, ...below))).toBe(false);
  });

  it('lies beside that of a plain process, whose group may have none below it, and below the root', () => {
    enterOwnGroup(limits, around({ hasSystemd: false, isDelegated: () => false }));
    expect(text('system.slice', name, 'cgroup.procs')).toBe('42');
    const root = { v1: { memory: undefined, cpu: undefined }, v2: { folder: mount, isRoot: true } };
    enterOwnGroup(limits, around({ groups: root, isDelegated: () => false }));
    expect(text(name, 'cgroup.procs')).toBe('42');
  });

  it('is made in each hierarchy of version 1, where that counts memory', () => {
    const [memory, cpu] = [join(mount, 'memory'), join(mount, 'cpu')];
    for (const folder of [memory, cpu]) mkdirSync(folder);
    const both = { v1: { memory, cpu }, v2: { folder: unit, isRoot: false } };
    const group = enterOwnGroup(limits, around({ groups: both }));
    expect(group).toMatchObject({ state: 'running', source: expect.stringContaining('own control group (v1)') });
    expect(text('memory', name, 'memory.limit_in_bytes')).toBe(String(limits.memoryBytes));
    group.throttle();
    expect(text('cpu', name, 'cpu.cfs_quota_us')).toBe('20000');
  });

  it('is not needed where a unit or a container has limits already', () => {
    writeFileSync(join(unit, 'memory.max'), `${64 * 1024 * 1024}\n`);
    writeFileSync(join(unit, 'cpu.max'), '50000 100000\n');
    const group = enterOwnGroup(limits, around());
    expect(group).toMatchObject({ source: '64 MiB of memory and 0.5 cores, set by whoever started it' });
    expect(existsSync(join(mount, ...below))).toBe(false);
  });

  it('is not made without root, nor where it is switched off', () => {
    expect(enterOwnGroup(limits, around({ isRoot: false })).reason).toContain('needs root');
    const off = enterOwnGroup({ memoryBytes: undefined, cpuCores: undefined }, around());
    expect(off).toMatchObject({ state: 'running', source: 'no limits' });
  });

  it('tells how many were killed in it, also the next run, which begins above it', () => {
    enterOwnGroup(limits, around());
    writeFileSync(join(mount, ...below, 'memory.events'), 'low 0\noom 3\noom_kill 2\n');
    expect(killsInGroup(around())).toBe(2);
    const inside = { v1: { memory: undefined, cpu: undefined }, v2: { folder: join(mount, ...below), isRoot: false } };
    expect(killsInGroup({ groups: inside, name })).toBe(2);
    expect(killsInGroup({ ...around(), name: groupNameOf('/elsewhere') })).toBeUndefined();
  });
});
