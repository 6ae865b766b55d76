import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '@parapet/core';
import type { OwnGroups } from './control-groups.ts';

/** The name of the group of a sensor with that state folder; tests and clones run several on one machine. */
export const groupNameOf = (stateDir: string): string =>
  `parapet-sensor-${createHash('sha256').update(stateDir).digest('hex').slice(0, 8)}`;
const groupName = /^parapet-sensor-[0-9a-f]{8}$/;

export type Limits = {
  readonly memoryBytes: number | undefined;
  /** Cores, e.g. 0.2. */
  readonly cpuCores: number | undefined;
};

/** What holds this process within its limits, and what does not. */
export type OwnGroup = {
  readonly state: 'running' | 'degraded';
  readonly source: string;
  readonly reason?: string;
  /** The limits in force, whoever set them. */
  readonly limits: Limits;
  /** From now on the limit of processor time holds too: it would make a start long, and lose its events. Throws where the kernel refuses. */
  readonly throttle: () => void;
  /** Leaves the group and removes it. */
  readonly leave: () => void;
};

export type GroupSurroundings = {
  readonly groups: OwnGroups;
  /** Differs between sensors of one machine. */
  readonly name: string;
  readonly pid: number;
  readonly isRoot: boolean;
  /** A service manager that owns all groups but those it gave away. */
  readonly hasSystemd: boolean;
  /** Whether the group of that folder was given to its processes (`Delegate=`). */
  readonly isDelegated: (folder: string) => boolean;
};

/**
 * Puts this process in a group of its own below the one it is in, with limits; children are in it too. To be called early: what
 * was used before stays counted where it was. Where the group it is in
 * has limits of its own already (a unit, a container), those stand. Never throws: what cannot be had is said.
 */
export const enterOwnGroup = (limits: Limits, around: GroupSurroundings): OwnGroup => {
  const found = existingLimits(around.groups);
  const here = around.groups.v2?.folder ?? around.groups.v1.memory;
  const isOurs = here !== undefined && basename(around.groups.v1.memory ?? here) === around.name;
  if (found.memoryBytes !== undefined && !isOurs) return inherited(found);
  if (limits.memoryBytes === undefined && limits.cpuCores === undefined) {
    return { ...unlimited('Switched off by configuration.'), state: 'running', source: 'no limits' };
  }
  if (!around.isRoot) return unlimited('A group of its own needs root, or limits from whoever starts it.');
  try {
    return hasV1(around.groups) ? enterV1(limits, around) : enterV2(limits, around);
  } catch (error) {
    return unlimited(messageOf(error));
  }
};

/**
 * How many processes the kernel has ended for want of memory in the group that this sensor is in, or was in before it was
 * killed: the group stays behind then, with its count.
 */
export const killsInGroup = ({ groups, name }: Pick<GroupSurroundings, 'groups' | 'name'>): number | undefined => {
  const { memory } = groups.v1;
  if (memory !== undefined) {
    return counterOf(join(memory, name, 'memory.oom_control')) ?? counterOf(join(memory, 'memory.oom_control'));
  }
  const own = groups.v2?.folder;
  if (own === undefined) return undefined;
  const places = [join(own, name), join(dirname(own), name), own];
  return places.map((place) => counterOf(join(place, 'memory.events'))).find((count) => count !== undefined);
};

const hasV1 = ({ v1 }: OwnGroups): boolean => v1.memory !== undefined;

const periodUs = 100_000;

const enterV1 = (limits: Limits, { groups, name, pid }: GroupSurroundings): OwnGroup => {
  const below = (folder: string): string => (basename(folder) === name ? folder : join(folder, name));
  const memory = groups.v1.memory === undefined ? undefined : below(groups.v1.memory);
  const cpu = groups.v1.cpu === undefined ? undefined : below(groups.v1.cpu);
  const entered: string[] = [];
  const missing: string[] = [];
  const enter = (what: string, folder: string | undefined, settings: Readonly<Record<string, string>>): boolean => {
    if (folder === undefined) {
      missing.push(`the kernel offers no ${what} groups`);
      return false;
    }
    try {
      removeAbandoned(dirname(folder), name);
      makeGroup(folder, settings, pid);
      entered.push(folder);
      return true;
    } catch (error) {
      missing.push(`${what}: ${messageOf(error)}`);
      return false;
    }
  };
  const memoryHeld =
    limits.memoryBytes !== undefined &&
    enter('memory', memory, { 'memory.limit_in_bytes': String(limits.memoryBytes) });
  const cpuHeld =
    limits.cpuCores !== undefined &&
    enter('cpu', cpu, { 'cpu.cfs_period_us': String(periodUs), 'cpu.cfs_quota_us': '-1' });
  return held({
    limits: {
      memoryBytes: memoryHeld ? limits.memoryBytes : undefined,
      cpuCores: cpuHeld ? limits.cpuCores : undefined,
    },
    by: 'own control group (v1)',
    missing,
    throttle: () => {
      if (!cpuHeld || cpu === undefined || limits.cpuCores === undefined) return;
      writeFileSync(join(cpu, 'cpu.cfs_quota_us'), String(quotaOf(limits.cpuCores)));
    },
    leave: () => leaveGroups(entered, pid),
  });
};

/** A group with processes cannot have groups with limits below it, unless it is the root: then the processes move first. */
const enterV2 = (limits: Limits, around: GroupSurroundings): OwnGroup => {
  const { groups, name, pid } = around;
  if (groups.v2 === undefined) return unlimited('No control groups are mounted.');
  const { folder: own, isRoot } = groups.v2;
  if (basename(own) === name) return limitV2(limits, own, pid);
  const delegated = !isRoot && around.isDelegated(own);
  if (!isRoot && !delegated && around.hasSystemd) {
    return unlimited(
      `systemd owns its group (${basename(own)}). As a service it has limits: MemoryMax and CPUQuota of its unit.`,
    );
  }
  const parent = isRoot || delegated ? own : dirname(own);
  removeAbandoned(parent, name);
  const folder = join(parent, name);
  makeGroup(folder, {}, pid);
  try {
    writeFileSync(join(parent, 'cgroup.subtree_control'), '+memory +cpu');
    return limitV2(limits, folder, pid);
  } catch (error) {
    leaveGroups([folder], pid);
    return unlimited(`Its group cannot be given limits: ${messageOf(error)}`);
  }
};

const limitV2 = (limits: Limits, folder: string, pid: number): OwnGroup => {
  if (limits.memoryBytes !== undefined) writeFileSync(join(folder, 'memory.max'), String(limits.memoryBytes));
  if (limits.cpuCores !== undefined) writeFileSync(join(folder, 'cpu.max'), `max ${periodUs}`);
  return held({
    limits,
    by: 'own control group (v2)',
    missing: [],
    throttle: () => {
      if (limits.cpuCores !== undefined) {
        writeFileSync(join(folder, 'cpu.max'), `${quotaOf(limits.cpuCores)} ${periodUs}`);
      }
    },
    leave: () => leaveGroups([folder], pid),
  });
};

const quotaOf = (cores: number): number => Math.max(1000, Math.round(cores * periodUs));

const makeGroup = (folder: string, settings: Readonly<Record<string, string>>, pid: number): void => {
  mkdirSync(folder, { recursive: true });
  for (const [file, value] of Object.entries(settings)) writeFileSync(join(folder, file), value);
  writeFileSync(join(folder, 'cgroup.procs'), String(pid));
};

const leaveGroups = (folders: readonly string[], pid: number): void => {
  for (const folder of folders) {
    try {
      writeFileSync(join(dirname(folder), 'cgroup.procs'), String(pid));
      rmdirSync(folder);
    } catch {
      // Another process of ours is still in it: it is emptied by its end and removed by the next sensor.
    }
  }
};

/** Groups of sensors that were killed; one with processes in it cannot be removed, which is the test. */
const removeAbandoned = (parent: string, name: string): void => {
  for (const entry of readdirSync(parent).slice(0, 4096)) {
    if (!groupName.test(entry) || entry === name) continue;
    try {
      rmdirSync(join(parent, entry));
    } catch {
      // In use.
    }
  }
};

const held = (made: {
  readonly limits: Limits;
  readonly by: string;
  readonly missing: readonly string[];
  readonly throttle: () => void;
  readonly leave: () => void;
}): OwnGroup => ({
  state: made.missing.length === 0 ? 'running' : 'degraded',
  source: [limitText(made.limits), made.by].filter((part) => part !== '').join(', '),
  ...(made.missing.length === 0 ? {} : { reason: `Not limited: ${made.missing.join('; ')}.` }),
  limits: made.limits,
  throttle: made.throttle,
  leave: made.leave,
});

const unlimited = (reason: string): OwnGroup => ({
  state: 'degraded',
  source: '',
  reason: `The kernel holds it to no limit of memory or processor. ${reason}`,
  limits: { memoryBytes: undefined, cpuCores: undefined },
  throttle: () => undefined,
  leave: () => undefined,
});

const inherited = (limits: Limits): OwnGroup => ({
  state: 'running',
  source: `${limitText(limits)}, set by whoever started it`,
  limits,
  throttle: () => undefined,
  leave: () => undefined,
});

export const limitText = (limits: Limits): string =>
  [
    limits.memoryBytes === undefined ? '' : `${Math.round(limits.memoryBytes / 1024 / 1024)} MiB of memory`,
    limits.cpuCores === undefined ? '' : `${limits.cpuCores} cores`,
  ]
    .filter((part) => part !== '')
    .join(' and ');

/** Limits of the very group this process is in. */
const existingLimits = ({ v1, v2 }: OwnGroups): Limits => {
  if (v1.memory !== undefined) {
    return {
      memoryBytes: finite(numberIn(join(v1.memory, 'memory.limit_in_bytes'))),
      cpuCores: v1.cpu === undefined ? undefined : v1Cores(v1.cpu),
    };
  }
  if (v2 === undefined) return { memoryBytes: undefined, cpuCores: undefined };
  const [quota, period] = textIn(join(v2.folder, 'cpu.max'))?.split(' ').map(Number) ?? [];
  return {
    memoryBytes: finite(numberIn(join(v2.folder, 'memory.max'))),
    cpuCores: quota !== undefined && period !== undefined && quota > 0 ? quota / period : undefined,
  };
};

const v1Cores = (folder: string): number | undefined => {
  const quota = numberIn(join(folder, 'cpu.cfs_quota_us'));
  const period = numberIn(join(folder, 'cpu.cfs_period_us'));
  return quota !== undefined && period !== undefined && quota > 0 ? quota / period : undefined;
};

/** A group without a limit names one of nearly 2^63 bytes. */
const finite = (bytes: number | undefined): number | undefined =>
  bytes !== undefined && bytes < Number.MAX_SAFE_INTEGER ? bytes : undefined;

const numberIn = (path: string): number | undefined => {
  const text = textIn(path)?.trim();
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
};

/** The line `oom_kill N` of `memory.events`, or of `memory.oom_control` since Linux 4.13. */
const counterOf = (path: string): number | undefined => {
  const count = /^oom_kill (\d+)$/m.exec(textIn(path) ?? '')?.[1];
  return count === undefined ? undefined : Number(count);
};

const textIn = (path: string): string | undefined => {
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
};
